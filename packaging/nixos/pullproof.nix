# NixOS: the units of packaging/systemd, with the prune policy's settings as options. Import this file and set
#   services.pullproof = { enable = true; package = ...; prune.settings.keep = [ "debian" ]; };
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkEnableOption mkIf mkMerge mkOption types;

  cfg = config.services.pullproof;
  program = "${cfg.package}/bin/pullproof";
  yaml = pkgs.formats.yaml { };
  settingsFile = yaml.generate "prune.yaml" cfg.prune.settings;

  mark = types.strMatching "[0-9]+(\\.[0-9]+)? ?(%|[A-Za-z]+)";
  duration = types.strMatching "[0-9]+ ?[smhd]";
  # Not types.path: what a path of Nix leads to would be copied into the store.
  absolutePath = types.strMatching "/.*";

  optIn = what: mkOption {
    type = types.nullOr (types.submodule {
      options.minAge = mkOption {
        type = duration;
        description = "How long ago that has to be.";
      };
    });
    default = null;
    example = { minAge = "7d"; };
    description = "Whether ${what} may be removed too; null for never.";
  };

  settingsType = types.submodule {
    freeformType = yaml.type;
    options = {
      high = mkOption {
        type = mark;
        default = "80%";
        example = "40GB";
        description = "Use of the disk, in bytes and in inodes, from which images are removed.";
      };
      low = mkOption {
        type = mark;
        default = "70%";
        description = "Use of the disk below which that ends.";
      };
      minAge = mkOption {
        type = duration;
        default = "7d";
        description = "How long an image has to be unused before it may be removed.";
      };
      keep = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "debian" "registry.example.org/base/*" ];
        description = "Images that are never removed: globs on repository, repository:tag or repository@digest.";
      };
      composeFiles = mkOption {
        type = types.listOf absolutePath;
        default = [ ];
        description = "Compose files whose images are never removed.";
      };
      stateDir = mkOption {
        type = absolutePath;
        default = "/var/lib/pullproof";
        description = "Where the record of last use and the run lock lie.";
      };
      containers = optIn "stopped containers that belong to no service and ended long enough ago";
      buildCache = optIn "build cache that was last used long enough ago";
    };
  };

  # As in packaging/systemd, where the reasons are.
  hardening = {
    CapabilityBoundingSet = "CAP_DAC_OVERRIDE";
    LockPersonality = true;
    NoNewPrivileges = true;
    PrivateDevices = true;
    PrivateTmp = true;
    ProtectClock = true;
    ProtectControlGroups = true;
    ProtectHostname = true;
    ProtectKernelLogs = true;
    ProtectKernelModules = true;
    ProtectKernelTunables = true;
    ProtectSystem = "full";
    RestrictAddressFamilies = "AF_UNIX";
    RestrictNamespaces = true;
    RestrictRealtime = true;
    RestrictSUIDSGID = true;
    SystemCallArchitectures = "native";
  };
in
{
  options.services.pullproof = {
    enable = mkEnableOption "pullproof, which keeps the Docker images that this host still needs";

    package = mkOption {
      type = types.package;
      description = "The package of pullproof, with bin/pullproof.";
    };

    prune = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = "Whether to prune images under disk pressure.";
      };
      dates = mkOption {
        type = types.str;
        default = "daily";
        description = "When to look for disk pressure, as a calendar event of systemd.time(7).";
      };
      settings = mkOption {
        type = settingsType;
        default = { };
        description = ''
          The settings in /etc/pullproof/prune.yaml; docs/prune-policy.md tells what each means. One of them has no
          default here: abraDir, the abra directory whose recipes pin images. Without it that is $ABRA_DIR or
          ~/.abra, where that exists; null is for none.
        '';
      };
    };

    watch.enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether to record when each image was last used. Without it, ages often count from the last prune run.";
    };
  };

  config = mkIf cfg.enable (mkMerge [
    {
      environment.systemPackages = [ cfg.package ];
      environment.etc."pullproof/prune.yaml".source = settingsFile;
    }

    (mkIf cfg.prune.enable {
      systemd.services.pullproof-prune = {
        description = "Prune of unused Docker images under disk pressure (pullproof)";
        after = [ "docker.service" ];
        # A switch to another configuration must not end one that is at work.
        restartIfChanged = false;
        # For flock, by which it takes the run lock.
        path = [ pkgs.util-linux ];
        serviceConfig = hardening // {
          Type = "oneshot";
          ExecStart = "${program} prune --apply";
          SuccessExitStatus = 75;
          TimeoutStartSec = "2h";
          StateDirectory = "pullproof";
        };
      };
      systemd.timers.pullproof-prune = {
        description = "Daily prune of unused Docker images under disk pressure (pullproof)";
        wantedBy = [ "timers.target" ];
        timerConfig = {
          OnCalendar = cfg.prune.dates;
          RandomizedDelaySec = "1h";
          Persistent = true;
        };
      };
    })

    (mkIf cfg.watch.enable {
      systemd.services.pullproof-watch = {
        description = "Record of when each Docker image was last used (pullproof)";
        after = [ "docker.service" ];
        wants = [ "docker.service" ];
        wantedBy = [ "multi-user.target" ];
        # It reads them when it starts, and from nowhere else.
        restartTriggers = [ settingsFile ];
        serviceConfig = hardening // {
          Type = "exec";
          ExecStart = "${program} watch";
          Restart = "always";
          RestartSec = "30s";
          StateDirectory = "pullproof";
        };
      };
    })
  ]);
}
