# Stands in for nixpkgs' lib: options, types and mkIf/mkMerge as far as packaging/nixos uses them. Stricter than the
# real one in one way: two definitions of one value are always an error.
let
  inherit (builtins) all attrNames concatStringsSep foldl' hasAttr isAttrs isBool isList isString mapAttrs match removeAttrs;

  # A type says what a value becomes, or throws. Paths are for messages.
  checked = description: check: {
    merge = path: value:
      if check value then value else throw "${concatStringsSep "." path} is not ${description}";
  };

  isOption = value: isAttrs value && (value._type or null) == "option";

  evalOption = path: option: given: name:
    if hasAttr name given then option.type.merge path given.${name}
    else if option ? default then option.type.merge path option.default
    else throw "${concatStringsSep "." path} is used but not defined";

  union = a: b: a // mapAttrs
    (name: value:
      if !(hasAttr name a) then value
      else if isAttrs a.${name} && isAttrs value then union a.${name} value
      else throw "${name} is defined twice")
    b;
in
rec {
  mkOption = option: option // { _type = "option"; };
  mkEnableOption = name: mkOption { type = types.bool; default = false; description = "Whether to enable ${name}."; };
  mkIf = condition: content: { _type = "if"; inherit condition content; };
  mkMerge = contents: { _type = "merge"; inherit contents; };

  types = {
    bool = checked "a boolean" isBool;
    str = checked "a string" isString;
    strMatching = pattern: checked "a string matching ${pattern}" (value: isString value && match pattern value != null);
    package = checked "a package" (value: isAttrs value && value ? outPath);
    listOf = type: {
      merge = path: value: if isList value then map (type.merge path) value else throw "${concatStringsSep "." path} is no list";
    };
    nullOr = type: { merge = path: value: if value == null then null else type.merge path value; };
    submodule = module: {
      merge = path: value: if isAttrs value then evalOptions module path value else throw "${concatStringsSep "." path} is no set";
    };
  };

  # The value of a tree of options, with what was given for some of them.
  evalOptions = { options, freeformType ? null }: path: given:
    let
      extra = removeAttrs given (attrNames options);
      declared = mapAttrs
        (name: option:
          let here = path ++ [ name ]; in
          if isOption option then evalOption here option given name
          else evalOptions { options = option; } here (given.${name} or { }))
        options;
    in
    if freeformType != null then declared // freeformType.merge path extra
    else if all (_: false) (attrNames extra) then declared
    else throw "${concatStringsSep "." (path ++ attrNames extra)} is no option";

  # A module's config without its conditions.
  resolve = content:
    if (content._type or null) == "if" then (if content.condition then resolve content.content else { })
    else if (content._type or null) == "merge" then foldl' union { } (map resolve content.contents)
    else content;
}
