import { describe, expect, it } from "vitest";
import { fatalMessage, plain, versionIn } from "../../../src/deploy/abra-output.ts";

describe("fatalMessage", () => {
  it.each([
    ["FATA deploy timed out", "deploy timed out"],
    ["INFO deploying\nFATA no such app\nbye", "no such app"],
    ["FATA <app/deploy.go:214> deploy timed out", "deploy timed out"],
    ["FATA[0003] unable to connect", "unable to connect"],
    ["\u001b[1;31mFATA\u001b[0m \u001b[90m<lint.go:9>\u001b[0m lint failed", "lint failed"],
    ["FATA it's <not> a place", "it's <not> a place"],
  ])("is in %j", (output, message) => {
    expect(fatalMessage(plain(output))).toBe(message);
  });

  it.each(["", "all went well", "FATAL is docker's word", "see FATA below", "WARN FATA"])(
    "is not in %j",
    (output) => {
      expect(fatalMessage(plain(output))).toBeNull();
    },
  );
});

describe("versionIn", () => {
  it("is abra's, colours or not", () => {
    expect(versionIn("abra version 0.13.0-beta-06a57de\n")).toBe("0.13.0-beta-06a57de");
    expect(versionIn("\u001b[1mabra version 0.13.0-beta\u001b[0m")).toBe("0.13.0-beta");
  });

  it.each(["", "git version 2.47.0", "abra version ", "no abra version 1"])("is not in %j", (output) => {
    expect(versionIn(output)).toBeNull();
  });

  it("of a double says that it is no abra", () => {
    expect(versionIn("abra version 0.0.0-contract-double")).toMatch(/contract double, not abra/);
  });
});
