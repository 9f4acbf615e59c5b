//! nixi-ssh
