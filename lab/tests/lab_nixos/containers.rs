//! Containers, as the configuration has them and as their network lets them talk.

use nixi_lab::Image;

use crate::host::Host;

#[test]
fn a_declared_container_is_a_unit_and_goes_with_its_declaration() {
    let host = Host::up();
    host.machine().import(Image::WebServer).unwrap();
    host.machine().write("/srv/page.env", "FROM_A_FILE=yes\n").unwrap();
    let image = Image::WebServer.name();
    host.switch(&format!(
        "virtualisation.oci-containers.containers.page = {{ image = \"{image}\"; ports = [ \"80:8080\" ];
           volumes = [ \"/srv:/data\" ]; environment.COLOUR = \"green\"; environmentFiles = [ \"/srv/page.env\" ];
           extraOptions = [ \"--hostname=front\" ]; }};"
    ));
    assert_eq!(host.root("systemctl is-active podman-page"), "active");
    let serves = "podman exec page wget -qO - http://127.0.0.1:8080";
    host.machine().wait_until("serve", || Ok(host.holds(serves))).unwrap();
    assert_eq!(host.root(serves), "nixi-lab web on front");
    assert_eq!(
        host.root("podman exec page sh -c 'echo $COLOUR $FROM_A_FILE; ls -d /data'"),
        "green yes\n/data"
    );
    // A published port is open, whatever the firewall was told.
    let address = std::net::SocketAddr::from((host.machine().address(), 80));
    std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_secs(10)).unwrap();
    assert!(!host.root("/usr/sbin/iptables -S nixos-fw").contains("--dport 80 "));

    host.switch("");
    assert_eq!(host.root("systemctl show -p LoadState --value podman-page; podman ps -aq"), "not-found");
}

#[test]
fn names_on_a_network_of_ones_own_need_the_firewall_to_be_told() {
    let host = Host::up();
    host.machine().import(Image::Sleeper).unwrap();
    let image = Image::Sleeper.name();
    host.root(&format!(
        "podman network create shop && podman run -d --name till --network shop {image}
         podman run -d --name rows --network shop {image}"
    ));
    let ask = "podman exec till timeout 5 nslookup rows";
    assert!(!host.holds(ask));
    host.switch("networking.firewall.interfaces.\"podman+\".allowedUDPPorts = [ 53 ];");
    host.machine().wait_until("answer names", || Ok(host.holds(ask))).unwrap();
}
