//! Every cipher that sshd has on by default (sshd_config(5), `Ciphers`), alone, under load.

use nixi_core::Exit;
use nixi_lab::Sshd;

use super::streams::streamed;
use super::{Controller, exec, target};

const CIPHERS: [&str; 6] = [
    "chacha20-poly1305@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
];

#[tokio::test(flavor = "multi_thread")]
async fn each_carries_short_and_long_answers() {
    for cipher in CIPHERS {
        let sshd = Sshd::builder().line(&format!("Ciphers {cipher}")).start().unwrap();
        let controller = Controller::of(&sshd);
        assert_eq!(controller.read(&target(&sshd), "echo on").await.unwrap().stdout, b"on\n", "{cipher}");
        let (all, output) = streamed(&controller, &sshd, exec("head -c 60000000 /dev/zero")).await;
        assert_eq!((all.len(), output.unwrap().exit), (60_000_000, Exit::Code(0)), "{cipher}");
    }
}
