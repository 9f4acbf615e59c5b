# A small set of options for the cases, and how they evaluate it.
rec {
  lib = import <nixpkgs/lib>;

  options =
    { lib, ... }:
    let
      option = type: lib.mkOption { inherit type; };
      inherit (lib) types;
    in
    {
      _file = "/toy/options.nix";
      options = {
        services.web = {
          enable = lib.mkEnableOption "the web server";
          port = lib.mkOption {
            type = types.port;
            default = 80;
          };
        };
        name = lib.mkOption {
          type = types.str;
          default = "nobody";
        };
        names = lib.mkOption {
          type = types.listOf types.str;
          default = [ ];
        };
        text = lib.mkOption {
          type = types.lines;
          default = "";
        };
        people = lib.mkOption {
          default = { };
          type = types.attrsOf (
            types.submodule (
              { name, ... }:
              {
                options = {
                  name = lib.mkOption {
                    type = types.str;
                    default = name;
                  };
                  age = option types.ints.unsigned;
                  shell = lib.mkOption {
                    type = types.nullOr (types.enum [ "bash" "zsh" ]);
                    default = null;
                  };
                };
              }
            )
          );
        };
        warnings = lib.mkOption {
          type = types.listOf types.str;
          default = [ ];
        };
        assertions = lib.mkOption {
          type = types.listOf types.unspecified;
          default = [ ];
        };
      };
    };

  evaluate = modules: lib.evalModules { modules = [ options ] ++ modules; };
  config = modules: (evaluate modules).config;

  # A module as if it were in that file.
  inFile = file: module: { _file = file; imports = [ module ]; };

  # The value of an option `x` of that type, defined by each of the modules' `x`.
  valueOf =
    type: definitions:
    (lib.evalModules {
      modules = [
        {
          _file = "/toy/x.nix";
          options.x = lib.mkOption { inherit type; };
        }
      ]
      ++ lib.imap1 (n: x: {
        _file = "/etc/nixos/${toString n}.nix";
        config = { inherit x; };
      }) definitions;
    }).config.x;
}
