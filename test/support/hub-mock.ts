import { MockAgent } from "undici";
import { onTestFinished } from "vitest";

/** What Docker Hub answers; a token, and all headers, where nothing is said. */
export interface HubAnswers {
  token?: { status: number; body: object | string; headers?: Record<string, string> };
  manifest?: { status: number; headers: Record<string, string> };
}

export interface HubAsked {
  path: string;
  method: string;
  headers: Record<string, string>;
}

/** Headers of an account that has some of its budget left. */
export const hubHeaders = {
  "ratelimit-limit": "200;w=21600",
  "ratelimit-remaining": "76;w=21600",
  "docker-ratelimit-source": "0a1b2c3d",
};

/** Docker Hub as undici's mock; `asked` fills with what it was asked. */
export function hubMock({ token, manifest }: HubAnswers): {
  dispatcher: MockAgent;
  asked: HubAsked[];
} {
  const dispatcher = new MockAgent();
  dispatcher.disableNetConnect();
  onTestFinished(() => dispatcher.close());
  const asked: HubAsked[] = [];
  const any = () => true;
  dispatcher
    .get("https://auth.docker.io")
    .intercept({ path: any, method: "GET" })
    .reply((options) => {
      asked.push(options as unknown as HubAsked);
      const {
        status,
        body,
        headers = {},
      } = token ?? { status: 200, body: { token: "the-token" }, headers: {} };
      const data = typeof body === "string" ? body : JSON.stringify(body);
      return { statusCode: status, data, responseOptions: { headers } };
    });
  dispatcher
    .get("https://registry-1.docker.io")
    .intercept({ path: any, method: "HEAD" })
    .reply((options) => {
      asked.push(options as unknown as HubAsked);
      const { status, headers } = manifest ?? { status: 200, headers: hubHeaders };
      return { statusCode: status, responseOptions: { headers } };
    });
  return { dispatcher, asked };
}
