//! The program. Everything it does is in the library, where it can be tested.

fn main() -> std::process::ExitCode {
    mock_server::cli::main()
}
