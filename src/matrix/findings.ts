/** What the matrix has shown, in Markdown: for readers of docs/engines.md, who find the evidence in its tables. */
export const findings: readonly { about: string; lines: readonly string[] }[] = [
  {
    about: "Every engine",
    lines: [
      "The chain passes everywhere, with and without prepull: deploy with registry auth, tear down nothing but the stack, prune by the reference policy, and no redeploy downloads a layer. A warm deploy costs one manifest GET a service on each engine; a prepull adds a HEAD, which is free.",
      "`pullproof` runs on each of these hosts as it is, with the Node of its own packages.",
    ],
  },
  {
    about: "The graphdriver",
    lines: [
      "Plain `docker image prune -f` takes every image that a swarm pulled, on each release from 20.10 to the 29 line (*images lost*, *downloaded again*). They have a digest and no tag, so they count as dangling. A prepull by tag keeps them.",
    ],
  },
  {
    about: "The containerd image store",
    lines: [
      "Plain `docker image prune -f` takes nothing, on each release that has this store.",
      'The tag that `docker images` shows for a swarm\'s image is none. The API\'s `RepoTags` has one name with tag and digest in it (`web:1.0.0@sha256:…`), and `docker image inspect pullproof/web:1.0.0` answers "No such image" (tried by hand on the host of `moby-29-containerd`, where `docker images` had the tag). So the facts\' "keeps the tag" is what the client prints, and not a name that a deploy without resolution could use: that is why it fails although every layer is local.',
      "Tokens are asked for with GET for the digest's resolution, and with POST for the pull.",
    ],
  },
  {
    about: "bookworm",
    lines: [
      "There is no package `docker-cli`: the client comes with `docker.io`.",
      "It has no containerd image store. The key `containerd-snapshotter` under `features` in `/etc/docker/daemon.json` is taken: the lab's hosts have it there with `false`.",
    ],
  },
  {
    about: "trixie",
    lines: [
      "**On the containerd store with a prepull, the image that a moved tag leaves is gone from the store** (*loses when a tag moves*), without a delete event, and the deploy pinned to its digest downloads its layer again: G1 fails there, as expected of this release. No prune is involved. Without prepull each image has a name with its digest in it, and both stay; so they do on the graphdriver. From 28.5 on the old image stays with a prepull, too, but without any name, which is what plain `docker image prune -f` looks for (that was not tried). Whoever rolls back on 26.1 with this store deploys without prepull, or gives each release a tag of its own.",
    ],
  },
  {
    about: "sid",
    lines: [
      "28.5 without settings still begins with the graphdriver (tried by hand: a second engine on an empty data root with an empty `daemon.json`, in the host of `sid-containerd`).",
      "Its Release file had expired on the mirror (`Valid-Until` of 6 November 2026), so the lab image takes it past its expiry.",
    ],
  },
  {
    about: "moby-29",
    lines: [
      "Without settings it begins with the containerd image store (tried by hand, in the host of `moby-29-graphdriver-prepull`); `features.containerd-snapshotter: false` gives the graphdriver on an empty data root.",
      "A deploy that fails says why, on both image stores: the tag is not found, or the layer has the wrong digest (*says of …*). Up to 28.5 the tasks say 'No such image' of both, and only a prepull has the better words.",
      "It runs a swarm on cgroup v1. Its log warns that support for that is deprecated and goes by May 2029 at the latest (same host).",
      "Its API is 1.56, and 1.40 the oldest that it answers to (`docker version`, same host).",
    ],
  },
];
