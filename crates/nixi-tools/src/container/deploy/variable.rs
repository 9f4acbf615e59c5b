//! What is known of well-known images: the variable that holds the password, for "with password …", and the port.

use nixi_core::ToolError;
use nixi_core::command::{EnvName, ImageName};

use super::args::DeployArgs;

/// What stands for the variable in a request that names none.
const PASSWORD: &str = "password";

/// Images by the last word of their names, and the variable that their documentation has for the password.
const VARIABLES: [(&str, &str); 5] = [
    ("postgres", "POSTGRES_PASSWORD"),
    ("mysql", "MYSQL_ROOT_PASSWORD"),
    ("mariadb", "MARIADB_ROOT_PASSWORD"),
    ("postgis", "POSTGRES_PASSWORD"),
    ("mssql", "MSSQL_SA_PASSWORD"),
];

/// The port that they listen at. An image that is on the node says it itself.
const PORTS: [(&str, &str); 10] = [
    ("postgres", "5432/tcp"),
    ("postgis", "5432/tcp"),
    ("mysql", "3306/tcp"),
    ("mariadb", "3306/tcp"),
    ("redis", "6379/tcp"),
    ("valkey", "6379/tcp"),
    ("mongo", "27017/tcp"),
    ("nginx", "80/tcp"),
    ("httpd", "80/tcp"),
    ("caddy", "80/tcp"),
];

/// The port of a well-known image.
pub(super) fn port(image: &ImageName) -> Option<&'static str> {
    PORTS.iter().find(|(base, _)| *base == image.base()).map(|(_, port)| *port)
}

/// The arguments with the image's own variable in place of `password`.
pub(super) fn named(mut args: DeployArgs, image: &ImageName) -> Result<DeployArgs, ToolError> {
    let placeholder = |name: &EnvName| name.as_str() == PASSWORD;
    let Some((key, secret)) = args.secrets.iter().find(|(name, _)| placeholder(name)) else {
        return Ok(args);
    };
    let (key, secret) = (key.clone(), secret.clone());
    let known =
        VARIABLES.iter().find(|(base, _)| *base == image.base()).and_then(|(_, name)| name.parse().ok());
    let Some(variable): Option<EnvName> = known else {
        return Err(ToolError::BadArgument {
            message: format!("which variable of {image} holds the password is not known"),
            hint: Some("name it, as secrets=DB_PASSWORD=@ask".to_owned()),
        });
    };
    args.secrets.remove(&key);
    args.secrets.entry(variable).or_insert(secret);
    Ok(args)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_image_s_own_variable_stands_for_the_password() {
        let args = |name: &str| -> DeployArgs {
            serde_json::from_value(json!({"name": name, "secrets": {"password": "@ask", "OTHER": "@ask"}}))
                .unwrap()
        };
        let image = |word: &str| word.parse::<ImageName>().unwrap();
        let names = |image: &ImageName| {
            named(args("x"), image)
                .map(|args| args.secrets.keys().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(names(&image("docker.io/library/postgres:16")).unwrap(), ["OTHER", "POSTGRES_PASSWORD"]);
        assert!(names(&image("redis")).is_err());
    }
}
