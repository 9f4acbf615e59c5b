//! Only a person's own front end has a machine adopted.
use nixi_core::Op;
use nixi_core::session::{AdoptRequest, ConsentedAdoption};

fn unasked(request: AdoptRequest) -> Op {
    Op::Adopt(ConsentedAdoption(request))
}

fn main() {
    let _ = unasked;
}
