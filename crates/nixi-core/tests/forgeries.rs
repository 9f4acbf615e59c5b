//! The specification of what nobody can do: attempts that must not compile, with the messages that they get.

#[test]
fn every_forgery_is_refused_by_the_compiler() {
    trybuild::TestCases::new().compile_fail("tests/forgeries/*.rs");
}
