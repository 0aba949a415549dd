# What a host's configuration holds of a module `services.pullproof`, with these settings of it as JSON.
{ module, given }:

let
  lib = import ./lib-double.nix;
  # Stands in for nixpkgs: what is generated is shown as the value that it was generated from.
  pkgs = {
    formats.yaml = { }: {
      type = { merge = _: value: value; };
      generate = name: value: { inherit name value; };
    };
    util-linux = "util-linux";
  };
  found = import (/. + module) { inherit lib pkgs; config.services.pullproof = evaluated; };
  evaluated = lib.evalOptions { options = found.options.services.pullproof; } [ "services" "pullproof" ] (builtins.fromJSON given);
in
lib.resolve found.config
