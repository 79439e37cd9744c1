//! Tokens of an identity provider: JSON Web Tokens (RFC 7519).
//!
//! The algorithm decides which key may verify a token, never the token: a shared secret is for
//! HS256 alone, and a key of the provider's set is for the algorithms of its kind, or the one that it
//! names. So nobody signs with a public key as if it were a secret, and a token without a signature
//! has no algorithm at all.

use std::{sync::Arc, time::Instant};

use entity::Quoted;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use sea_orm::{ActiveEnum, Iterable};
use serde_json::{Map, Value as Json};

use super::{Role, Viewer, keys::Keys};
use crate::error::Error;

/// Whose tokens are taken, and what is read in them.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Access")]
#[group(skip)]
pub struct Options {
    /// Take tokens of an identity provider that are signed with this secret (HS256): 32 bytes or
    /// more
    #[arg(long, env = "HUTONG_JWT_SECRET", value_name = "SECRET", global = true)]
    #[arg(hide_env_values = true, hide_default_value = true)]
    pub jwt_secret: Option<String>,
    /// Take tokens of an identity provider that are signed with one of these keys (RS256 to RS512,
    /// PS256 to PS512, ES256, ES384, EdDSA): a file or URL of a JSON Web Key Set
    #[arg(long, env = "HUTONG_JWKS", value_name = "FILE|URL", global = true)]
    pub jwks: Option<String>,
    /// Only tokens with this issuer (`iss`)
    #[arg(long, env = "HUTONG_JWT_ISSUER", value_name = "ISSUER", global = true)]
    pub jwt_issuer: Option<String>,
    /// Only tokens for this audience (`aud`)
    #[arg(long, env = "HUTONG_JWT_AUDIENCE", value_name = "AUDIENCE", global = true)]
    pub jwt_audience: Option<String>,
    /// The claim that has the role, or the roles; `realm_access.roles` looks inside an object
    #[arg(long, env = "HUTONG_JWT_ROLE_CLAIM", value_name = "CLAIM", global = true)]
    #[arg(default_value = "role")]
    pub jwt_role_claim: String,
    /// The claim that names whoever asks, as the audit log has them
    #[arg(long, env = "HUTONG_JWT_NAME_CLAIM", value_name = "CLAIM", global = true)]
    #[arg(default_value = "sub")]
    pub jwt_name_claim: String,
}

/// How many seconds the clocks of the provider and of this server may differ.
const LEEWAY: u64 = 10;

/// The shortest secret, in bytes (RFC 7518, section 3.2).
const SHORTEST_SECRET: usize = 32;

/// The longest name, in bytes.
const LONGEST_NAME: usize = 200;

/// An identity provider.
pub(super) struct Provider {
    secret: Option<DecodingKey>,
    keys: Option<Arc<Keys>>,
    validation: Validation,
    role_claim: String,
    name_claim: String,
}

impl Provider {
    /// The one of the options, if there is one.
    pub(super) fn new(options: &Options) -> Result<Option<Self>, Error> {
        let secret = options.jwt_secret.as_deref().map(secret).transpose()?;
        let keys = options.jwks.as_deref().map(Keys::new).transpose()?.map(Arc::new);
        if secret.is_none() && keys.is_none() {
            let idle = [("issuer", &options.jwt_issuer), ("audience", &options.jwt_audience)];
            return match idle.into_iter().find(|(_, given)| given.is_some()) {
                Some((name, _)) => Err(Error::input(format!(
                    "--jwt-{name} is given, but neither --jwt-secret nor --jwks, without which no \
                     token can be verified"
                ))),
                None => Ok(None),
            };
        }
        // The algorithm is put in for each token.
        let mut validation = Validation::default();
        (validation.leeway, validation.validate_nbf) = (LEEWAY, true);
        validation.validate_aud = options.jwt_audience.is_some();
        let mut required = vec!["exp"];
        if let Some(issuer) = &options.jwt_issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        if let Some(audience) = &options.jwt_audience {
            validation.set_audience(&[audience]);
            required.push("aud");
        }
        validation.set_required_spec_claims(&required);
        let (role_claim, name_claim) =
            (options.jwt_role_claim.clone(), options.jwt_name_claim.clone());
        Ok(Some(Self { secret, keys, validation, role_claim, name_claim }))
    }

    /// Whose token it is, while it is in force. Fails with why it is not, which is for the log.
    pub(super) async fn find(&self, token: &str) -> Result<Viewer, String> {
        let header = decode_header(token).map_err(|why| why.to_string())?;
        // What must be understood (RFC 7515, section 4.1.11) is not.
        if header.crit.is_some() {
            return Err("it has critical headers".to_owned());
        }
        let key = match (header.alg, &self.secret, &self.keys) {
            (Algorithm::HS256, Some(secret), _) => secret.clone(),
            (Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512, ..) | (_, _, None) => {
                return Err(format!("it is signed by {:?}, which is not taken", header.alg));
            }
            (_, _, Some(keys)) => {
                let found = keys.find(header.kid.as_deref(), header.alg, Instant::now()).await;
                found.ok_or_else(|| match &header.kid {
                    Some(kid) => format!("there is no key {} for {:?}", Quoted(kid), header.alg),
                    None => format!("it names no key, and there is not one for {:?}", header.alg),
                })?
            }
        };
        let validation = Validation { algorithms: vec![header.alg], ..self.validation.clone() };
        let claims = decode::<Map<String, Json>>(token, &key, &validation)
            .map_err(|why| why.to_string())?
            .claims;
        let name = claim(&claims, &self.name_claim).and_then(Json::as_str);
        // What is written must have a name in the audit log.
        let name = name.filter(|name| !name.is_empty() && name.len() <= LONGEST_NAME);
        let name = name.ok_or_else(|| format!("its claim {} is no name", self.name_claim))?;
        let role = claim(&claims, &self.role_claim).and_then(role);
        Ok(Viewer::named(name, role.unwrap_or(Role::Reader)))
    }
}

/// The secret as a key.
fn secret(text: &str) -> Result<DecodingKey, Error> {
    match text.len() {
        SHORTEST_SECRET.. => Ok(DecodingKey::from_secret(text.as_bytes())),
        found => Err(Error::input(format!(
            "--jwt-secret has {found} bytes, but must have {SHORTEST_SECRET} at least"
        ))),
    }
}

/// What a claim holds: the one of that very name, for some are named like URLs, or the one that
/// the words between the points lead to.
fn claim<'c>(claims: &'c Map<String, Json>, name: &str) -> Option<&'c Json> {
    claims.get(name).or_else(|| {
        let mut words = name.split('.');
        let first = claims.get(words.next()?)?;
        words.try_fold(first, |value, word| value.get(word))
    })
}

/// The role a claim grants, or the highest of those in its list. Other words are other programs'.
fn role(claim: &Json) -> Option<Role> {
    match claim {
        Json::String(text) => Role::iter().find(|role| role.to_value().eq_ignore_ascii_case(text)),
        Json::Array(several) => several.iter().filter_map(role).max_by_key(|role| *role as u8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_role_is_found_where_providers_put_it() {
        let claims = json!({
            "role": "editor",
            "https://city.example/role": "ADMIN",
            "realm_access": { "roles": ["offline_access", "reader", "Publisher", 7] },
            "nested": "no object",
        });
        let claims = claims.as_object().unwrap();
        for (name, wanted) in [
            ("role", Some(Role::Editor)),
            ("https://city.example/role", Some(Role::Admin)),
            ("realm_access.roles", Some(Role::Publisher)),
            ("realm_access", None),
            ("nested.role", None),
            ("none", None),
            ("", None),
        ] {
            assert_eq!(claim(claims, name).and_then(role), wanted, "{name}");
        }
        assert_eq!(role(&json!("superuser")), None);
        assert_eq!(role(&json!(["superuser"])), None);
    }

    #[test]
    fn what_cannot_work_is_refused_at_the_start() {
        let options = |secret: Option<&str>, issuer: Option<&str>| Options {
            jwt_secret: secret.map(str::to_owned),
            jwks: None,
            jwt_issuer: issuer.map(str::to_owned),
            jwt_audience: None,
            jwt_role_claim: "role".to_owned(),
            jwt_name_claim: "sub".to_owned(),
        };
        let refused = |options| Provider::new(&options).err().unwrap().to_string();
        assert!(Provider::new(&options(None, None)).unwrap().is_none());
        assert_eq!(
            refused(options(Some("short"), None)),
            "--jwt-secret has 5 bytes, but must have 32 at least"
        );
        assert!(refused(options(None, Some("https://id.example"))).starts_with("--jwt-issuer is"));
    }
}
