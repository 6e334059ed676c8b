//! Refusals of what is to be registered or changed, one for each field: whoever asks, a person on the registration page, an operator at
//! the command line, or (later) a program. Each stands beside its field.

macro_rules! registry {
    ($others:tt $($rows:tt)*) => { gather! { $others $($rows)* Registry {
        // Users.
        MissingEmail: InvalidForm, "OWASP ASVS 2.2", "Enter your e-mail address.";
        MalformedEmail: InvalidForm, "RFC 5321 §4.1.2", "This is not an e-mail address that can be used here, such as name@example.org.";
        EmailTaken: InvalidForm, "OWASP ASVS 6.3.8", "There is an account with this e-mail address already.";
        MissingName: InvalidForm, "OWASP ASVS 2.2", "Enter your name.";
        NameTooLong: InvalidForm, "OWASP ASVS 2.2", "The name is longer than 200 characters.";
        UnprintableName: InvalidForm, "Unicode UAX #9", "The name has invisible characters that turn other text around. Type it anew.";
        MissingPassword: InvalidForm, "OWASP ASVS 2.2", "Enter your password.";
        PasswordTooShort: InvalidForm, "NIST SP 800-63B-4 §3.1.1.2", "The password is too short.";
        PasswordTooLong: InvalidForm, "NIST SP 800-63B-4 §3.1.1.2", "The password is longer than 256 characters.";
        PasswordTooCommon: InvalidForm, "NIST SP 800-63B-4 §3.1.1.2", "The password is easy to guess. Choose another.";
        PasswordLeaked: InvalidForm, "NIST SP 800-63B-4 §3.1.1.2", "The password stands in a list of leaked ones, which are tried first. Choose another.";
    } } };
}
