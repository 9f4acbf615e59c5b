# Options of graphics drivers and firmware, checked for their types. Nothing follows from them: no machine
# here has a GPU.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  nvidia = builtins.elem "nvidia" config.services.xserver.videoDrivers;
  flag = mkOption {
    default = false;
    type = types.bool;
  };
  packages = mkOption {
    default = [ ];
    type = types.listOf types.package;
  };
in
{
  options = {
    services.xserver.enable = flag;
    services.xserver.videoDrivers = mkOption {
      default = [ "modesetting" "fbdev" ];
      type = types.listOf types.str;
    };
    hardware = {
      graphics = {
        enable = flag;
        enable32Bit = flag;
        extraPackages = packages;
      };
      nvidia = {
        open = mkOption {
          default = null;
          type = types.nullOr types.bool;
        };
        modesetting.enable = flag;
        nvidiaSettings = flag;
      };
      nvidia-container-toolkit.enable = flag;
      amdgpu = {
        initrd.enable = flag;
        opencl.enable = flag;
      };
      enableRedistributableFirmware = flag;
      cpu.intel.updateMicrocode = flag;
      cpu.amd.updateMicrocode = flag;
    };
  };

  config.assertions = [
    {
      # Asks for each, or a value of the wrong type would go unseen.
      assertion = builtins.deepSeq [
        config.services.xserver.enable
        (removeAttrs config.hardware.graphics [ "extraPackages" ])
        config.hardware.nvidia
        config.hardware.nvidia-container-toolkit
        config.hardware.amdgpu
        config.hardware.enableRedistributableFirmware
        config.hardware.cpu
      ] true;
      message = "";
    }
    {
      assertion = !nvidia || config.hardware.nvidia.open != null;
      message = "You must configure `hardware.nvidia.open` on NVIDIA driver versions >= 560.";
    }
    {
      assertion = !nvidia || config.nixpkgs.config.allowUnfree;
      message = "The NVIDIA driver has an unfree license, and `nixpkgs.config.allowUnfree` is not set.";
    }
  ];
}
