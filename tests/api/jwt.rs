//! Tokens of an identity provider: in the algorithms of its keys, and in no other way.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use axum::{Router, routing::get};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    Answer, Server, on_each_database,
    server::{Store, sqlite},
};

// Keys of these tests alone.
const RSA: &str = "-----BEGIN PRIVATE KEY-----
MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkwggSlAgEAAoIBAQDo20NY/yic8ugm
Z1/fApzOIZQR2U3pxoZ9O3Pm8bSVdSnQC2tzLRlEMScKXN0jPNRNkN6qCNEm/0nV
i67oSFvFZLp4PTuc2v+1q7H05gmhmtEoOGBKiMArrqcIjNwAehdaT5wUm/dhptxg
nSLtmhUXgmBdGuswqBLaazjkAuyUNRoB0gjGx2z01gTmcAGbpapSTItMC6voidGI
uyu18irn55+I8/OCBvT7lyWWx9Fjm3kLZNSExlyahvTqJ/QeYQHULkLawqo22lXu
xwIhWlPnVMNcv2H2YjvAtLmZkTDmVsXEQ8AGR/lhhguPRddYJWybAfESVq+N7htS
J4T1y1LrAgMBAAECggEAUbftRTTatGXcyel6cEGy9PY8yBzKZpHozddJABHwLYle
IKh5T4TSuqdDS7Q2WTD2UrhWJDcO65ApAbvRKKyIJFiKxjq7CnuixMdaHxeB5sh1
wZczV8TxKANVlD8W0EYInwWUQXlQ0mDkMzXCNb9eyo7TMamKQ1ugri113DMYgpQK
tWCUzYyoALzDgzh2kgxTUbW78YbZUZUVZDSlvpjs25xBSK188tHyG0uggCe3lCIY
qHf05DJ49147EM5HOgUuuOjymlLDivcLR95fkUMPlJhM3Ydpo0cGBexmKneaS4ES
CPWONJ9VfwqsbdjyDSOEHXGMmh2RkRfmaCaLN9/07QKBgQD8B29skMuLZxlheny+
E/tzVXO1CQbrgU0+N9/l3BlgRj5nqsfUqIocm90QYdsZP17u4EwK6Cy3jeQD1PPj
Nj8Li8bK07a2N34ISShHODUO66q0z7FD80ZiJvvjqmr1mUn9QxRrEGEpkH9H/PmE
EtFulLyS8ASFUn9nOgvsUQSXZwKBgQDshn6zt6ggsZBEyfGKdcYD4A6S/C3/fiIt
6YNp1W5/58FUFbpkM41/XWMINs8UzlyCZJGc02MKlzpY9Z8v89T/DBXMIL5Lvl+F
3QhLTreW63hxOfHh5hhKV/wvuKUeUjGdO9nUanvfWzequkI4QXcKOs++aDKL10BL
TFx+wS4J3QKBgQCSCWDoQLKhEVmkoUwc/AktGGvWj+eBmUf/8HJ9h97waWOJwGzQ
beSxlSMwdfN2GsFQm4mUnFok9kQUcFXt56X6c8D6EFmEFn2iIXoEYq5j+ezNnrdx
z0qOX1Z/4mTd8TftV+xB6ZjTc9Y9CXovrJPMhsUKQ6fq9RW74+e6xGtrqwKBgQCI
87tLXk0oWQf6/J8yF82HEuX9b61GoYcy5GHmFuH7h3qmsEoTmNIWbEFaUToIhxCD
o624i6FuUXBEcDwzLNEouJuqbU8iVmHDBd+2kya0aTV9AhsvPObVrSpli1l4PAlk
THJtjxaYlp2d6mlLX4SI1NLTIkwaMpGUx+tKrZp1tQKBgQDdwTNjOEhWA4pKysuu
3lCQxRi8dqN2nTW5hysUPJ3wOv6M63/DTkaXmHPCdHnz410fdYamfbD2OTXTRlTf
op2wg5GUGbkuww+nd+A4SFmU3/v69YkQmAbUN/QNOr4arjHRjpMw04UYubYUQISs
CRK+DFpfYic+Z0BVqiiZExnX0Q==
-----END PRIVATE KEY-----";
const RSA_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA6NtDWP8onPLoJmdf3wKc
ziGUEdlN6caGfTtz5vG0lXUp0Atrcy0ZRDEnClzdIzzUTZDeqgjRJv9J1Yuu6Ehb
xWS6eD07nNr/taux9OYJoZrRKDhgSojAK66nCIzcAHoXWk+cFJv3YabcYJ0i7ZoV
F4JgXRrrMKgS2ms45ALslDUaAdIIxsds9NYE5nABm6WqUkyLTAur6InRiLsrtfIq
5+efiPPzggb0+5cllsfRY5t5C2TUhMZcmob06if0HmEB1C5C2sKqNtpV7scCIVpT
51TDXL9h9mI7wLS5mZEw5lbFxEPABkf5YYYLj0XXWCVsmwHxElavje4bUieE9ctS
6wIDAQAB
-----END PUBLIC KEY-----";
const RSA_MODULUS: &str = "6NtDWP8onPLoJmdf3wKcziGUEdlN6caGfTtz5vG0lXUp0Atrcy0ZRDEnClzdIzzUTZDeqgjRJv9J1Yuu6EhbxWS6eD07nNr_taux9OYJoZrRKDhgSojAK66nCIzcAHoXWk-cFJv3YabcYJ0i7ZoVF4JgXRrrMKgS2ms45ALslDUaAdIIxsds9NYE5nABm6WqUkyLTAur6InRiLsrtfIq5-efiPPzggb0-5cllsfRY5t5C2TUhMZcmob06if0HmEB1C5C2sKqNtpV7scCIVpT51TDXL9h9mI7wLS5mZEw5lbFxEPABkf5YYYLj0XXWCVsmwHxElavje4bUieE9ctS6w";
const OTHER_RSA: &str = "-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDN/+VRI8ndA2Lo
z2AOFPwWjCWIivE2oLEFJvGYCnw/jCeGKtGDhUL/NdAdfptOxACk1v4oWrZVJsWy
4yBY/iQBc7i/Zzzo4e8g/6MTGWI+IMDmaGpjsMVvxT0FifO1tMcSLPu08bV4mWiu
vMuh+Fiu0vMBi2DGyHDZLBH2ktZODnmzl8vjimBO3zrhTkOjNZ9holzgpJ9zUl2f
unrP2zJMLbfj9pFXjIccukQJ9yY9H7AjOdFOOUTWxqD/yplfn4bQFneNc77kFTjc
95h0oasBVfld3kq8OGCd1kSdEkNdC+GVisHdvJYv1EIiiq970pdlx5sdjLeZ5O+V
E/KeDg35AgMBAAECggEACyVfaQaAs56tSV9/GQP1p9qpZTvvVT9YlKjIxas7kcyp
js7eSzl4qIpm2lGxYY+lYUXotpJB71WLuOQlKeuGUzXJt0GEwC0JXUW3sx7ae/YV
ueHIb+Burl+Dr7sJHrnLU6ZvcBjr8ryKN3oronXnhn4Pe/PoppjN0lJaHndPdSWm
aFMliyRwrt8qZ3wTiAQutbapUdfuh+HAcJi4R1r4YJWlu/ehWtGcp7G1JVn/s5in
wIoePtg1tHA0WImqJorOsG/72RHCOhVpLsKbpCNUt+qTXU9rPXplTyN9B82q/ULE
ygwhlDwjqyPNd/yuE/FCEZosP/buQwTSONWf7t20oQKBgQD7WBsrvz4EoP2xkEVR
u0ICu87LflpfBVY+gVq7bPmMd8C+rGqt0v1e3NzPvbqF2OWYIJEOF3NAh9Q2B6pO
8yiDbkWhJV4W5lew2SU/eMOb7GU1muDGVM/tPD0Xo6YUXHrUm2xO70UHFbJhE7U0
21n4ft2x3M/KWhFRZpN0wTylxQKBgQDR0MMYr1ha3NFqzcBjiGMr42GSNr0oVI1a
Suf8mfKPe1YjHgkfQxTmBoROZERY8ttHI5bNQGoleImJF78RYB9s1wKhfAneAPFr
aetMOU55scv/ZvVkSPfqY/7QCh8F7dBJ/odNOEUHt9eep5XxjsJm9jOPSgm5j+JB
gmcGISO+pQKBgEtsCus7vg6BiN9JnaOC/7H2TX2+8rtkzJaBFor7jn7aSJpu/qwe
ji1zNUeZdWlIxsy5qQ2Dd/A7UjDMaAy85sFZy8cpgWx5voKxBn5fbMNTUqOdUCnz
tVlJJEP9tY6SmcFGyl99aUdQ+XAsC8pKsFrjJv+CdVARavT0RPdaLSrJAoGBAIa0
nU1P5k4Pz3PevVIp0mHvDkmtUyx9fHMn/GE1BYIREXBibEDh9JzqOi+KOEdTRG0b
8Em+vWdpSAP4dvdU21gpgsritAMQX+8yhZref/+poutK0umb329g28v9c4V+9WdM
PtnY8pjN82Us+xunKDCqiNfKFQxJ0F12t2Y8CJLxAoGBAPUs8lx4X+IMYF9Z3qmd
bPp+HkBHOdPppSMkoniPUd1mJ94RS7x+MLwx1F/2/zrZV44WzKSZsVZep2jYvA8Y
tdH2JSTWWphiEcRZAMWGMdmyFdpSTQhEcHRUPelrr+iJxiA5IeblYkhiYOpUt1vA
2Zklg1vYrxWRt5+YdRJZuDIT
-----END PRIVATE KEY-----";
const ED: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIEdtUilDFuW1Mi/+FA6CUdXH8U6PlnBlNV6c/zUQEWuI
-----END PRIVATE KEY-----";
const ED_PUBLIC: &str = "yKeaXWMlHQSsB_fn3678xq_CYUOe0O2KW95cvXV8wRg";
const NEXT_ED: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIDjTFaazrFHvET0m6zAxlkmkvw4900cQWD9kwkxbOefM
-----END PRIVATE KEY-----";
const P256: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggtyUabLtXRMApxQ6
9hnODb1VnrndRZ3kgdzC8QltVq6hRANCAATdSsPI3hboQCP2HuHKkHwcQOF8Jil2
1/EIRV6ap14huLQXqyjG0qq5YPDVhyRMm3O1SFrqXOSySIaKGHrMNxBX
-----END PRIVATE KEY-----";
const P384: &str = "-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBGDJCIkhI+zuN4WM89
n6+d2T0/4YT7vjbPgwe/PQwnNQ3fZmr2dYWX9HlWxnRIjaihZANiAASVHxTshHen
eWVjKKDRphAsGBo3Q1z8lLIe/2yCmTIZ3j6pWcWMlUbgWrFGp+E4EoBuAZA9O3Hw
/+c4A8wA0pRURjnU8M7ikeS6bcd5VAc4RU2m6TnlSlypVnX4KtluVS8=
-----END PRIVATE KEY-----";
const SECRET: &str = "a secret of the tests, which is long enough";

/// The set of keys as the provider tells it, with some that no token may be verified by.
fn set() -> Value {
    json!({ "keys": [
        { "kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "n": RSA_MODULUS, "e": "AQAB" },
        { "kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": ED_PUBLIC },
        { "kty": "oct", "kid": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET) },
        { "kty": "RSA", "kid": "enc", "use": "enc", "n": RSA_MODULUS, "e": "AQAB" },
        { "kty": "RSA", "kid": "rs512", "alg": "RS512", "n": RSA_MODULUS, "e": "AQAB" },
        { "kty": "RSA", "kid": "ps256", "alg": "PS256", "n": RSA_MODULUS, "e": "AQAB" },
        { "kty": "EC", "kid": "p256", "crv": "P-256", "x": "3UrDyN4W6EAj9h7hypB8HEDhfCYpdtfxCEVemqdeIbg", "y": "tBerKMbSqrlg8NWHJEybc7VIWupc5LJIhooYesw3EFc" },
        { "kty": "EC", "kid": "p384", "crv": "P-384", "x": "lR8U7IR3p3llYyig0aYQLBgaN0Nc_JSyHv9sgpkyGd4-qVnFjJVG4FqxRqfhOBKA", "y": "bgGQPTtx8P_nOAPMANKUVEY51PDO4pHkum3HeVQHOEVNpuk55UpcqVZ1-CrZblUv" },
        { "kty": "XYZ", "kid": "odd" },
        { "kid": "nothing" },
    ] })
}

/// A signed token.
fn signed(algorithm: Algorithm, kid: Option<&str>, key: &EncodingKey, claims: &Value) -> String {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
    encode(&header, claims, key).unwrap()
}

fn rsa() -> EncodingKey {
    EncodingKey::from_rsa_pem(RSA.as_bytes()).unwrap()
}

fn ed(pem: &str) -> EncodingKey {
    EncodingKey::from_ed_pem(pem.as_bytes()).unwrap()
}

fn ec(pem: &str) -> EncodingKey {
    EncodingKey::from_ec_pem(pem.as_bytes()).unwrap()
}

fn secret(bytes: &[u8]) -> EncodingKey {
    EncodingKey::from_secret(bytes)
}

/// A token of these parts, whatever they are.
fn made(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

/// What an editor's token says, with these changes; null takes a claim away.
fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "sub": "ada", "role": "editor", "iss": "https://id.example", "aud": ["hutong", "other"],
        "exp": get_current_timestamp() + 300,
    });
    let own = claims.as_object_mut().unwrap();
    let Value::Object(changes) = changes else { panic!("{changes}") };
    own.extend(changes);
    own.retain(|_, value| !value.is_null());
    claims
}

/// Seconds from now.
fn at(seconds: i64) -> i64 {
    i64::try_from(get_current_timestamp()).unwrap() + seconds
}

async fn viewer(server: &Server, token: &str) -> Answer {
    server.ask_as(token, "{ viewer { name role } }").await
}

async fn assert_taken(server: &Server, token: &str, name: &str, role: &str) {
    let answer = viewer(server, token).await;
    assert_eq!(answer.data(), json!({ "viewer": { "name": name, "role": role } }), "{token}");
}

async fn assert_refused(server: &Server, what: &str, token: &str) {
    let answer = viewer(server, token).await;
    let message = "the token is unknown, expired or withdrawn; send one that is in force";
    let wanted = (message.to_owned(), "UNAUTHENTICATED".to_owned(), Value::Null);
    assert_eq!((answer.status, answer.error()), (401, wanted), "{what}");
}

/// A file of the set.
fn file() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), set().to_string()).unwrap();
    file
}

/// A server that takes tokens of the provider.
async fn taking(store: &Store, options: &[&str]) -> Server {
    let store = Store::open(store.url.clone()).await;
    let both = ["--jwt-issuer=https://id.example", "--jwt-audience=hutong"];
    Server::start_with(store, &[&both[..], options].concat()).await
}

on_each_database! {
    /// What the provider signed is taken, in each algorithm by its own key (G40c).
    async fn algorithms_are_taken(store: &Store) {
        let (file, secret_option) = (file(), format!("--jwt-secret={SECRET}"));
        let jwks = format!("--jwks={}", file.path().display());
        let server = taking(store, &[&jwks, &secret_option]).await;
        let editor = claims(json!({}));
        for token in [
            signed(Algorithm::RS256, Some("rsa"), &rsa(), &editor),
            signed(Algorithm::RS256, None, &rsa(), &editor),
            signed(Algorithm::EdDSA, Some("ed"), &ed(ED), &editor),
            signed(Algorithm::EdDSA, None, &ed(ED), &editor),
            signed(Algorithm::RS512, Some("rs512"), &rsa(), &editor),
            signed(Algorithm::PS256, Some("ps256"), &rsa(), &editor),
            signed(Algorithm::ES256, Some("p256"), &ec(P256), &editor),
            signed(Algorithm::ES256, None, &ec(P256), &editor),
            signed(Algorithm::ES384, Some("p384"), &ec(P384), &editor),
            signed(Algorithm::HS256, None, &secret(SECRET.as_bytes()), &editor),
        ] {
            assert_taken(&server, &token, "ada", "EDITOR").await;
        }
        // Tokens of the server's own are taken beside them.
        let own = server.token(hutong::access::Role::Publisher).await;
        assert_taken(&server, &own, "the publisher", "PUBLISHER").await;
        server.stop().await;
    }
}

/// What nobody signed who may, or is not for this server, or not now, is nobody's.
#[tokio::test]
async fn everything_else_is_refused() {
    let (store, _folder) = sqlite().await;
    let (file, secret_option) = (file(), format!("--jwt-secret={SECRET}"));
    let jwks = format!("--jwks={}", file.path().display());
    let server = taking(&store, &[&jwks, &secret_option]).await;
    let editor = claims(json!({}));
    let by_rsa = |changes| signed(Algorithm::RS256, Some("rsa"), &rsa(), &claims(changes));
    let good = by_rsa(json!({}));
    let parts: Vec<&str> = good.split('.').collect();
    let modulus = URL_SAFE_NO_PAD.decode(RSA_MODULUS).unwrap();
    let admin = URL_SAFE_NO_PAD.encode(claims(json!({ "role": "admin" })).to_string());
    let other_rsa = EncodingKey::from_rsa_pem(OTHER_RSA.as_bytes()).unwrap();
    let critical = json!({ "alg": "HS256", "typ": "JWT", "crit": ["b64"], "b64": true });
    let hs256 = |kid, key: &[u8]| signed(Algorithm::HS256, kid, &secret(key), &editor);
    let refused = [
        // Without a signature, whatever it is called.
        ("alg none", made(&json!({ "alg": "none" }), &editor, "")),
        ("alg None", made(&json!({ "alg": "None", "kid": "rsa" }), &editor, "")),
        ("no alg", made(&json!({ "kid": "rsa" }), &editor, parts[2])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{good}.x")),
        ("altered claims", format!("{}.{admin}.{}", parts[0], parts[2])),
        ("altered header", made(&json!({ "alg": "EdDSA", "kid": "ed" }), &editor, parts[2])),
        // A public key is no secret.
        ("PEM as secret", hs256(Some("rsa"), RSA_PUBLIC.as_bytes())),
        ("PEM and line end as secret", hs256(Some("rsa"), format!("{RSA_PUBLIC}\n").as_bytes())),
        ("modulus as secret", hs256(Some("rsa"), &modulus)),
        ("modulus as text as secret", hs256(None, RSA_MODULUS.as_bytes())),
        ("ed key as secret", hs256(Some("ed"), &URL_SAFE_NO_PAD.decode(ED_PUBLIC).unwrap())),
        ("nothing as secret", hs256(None, b"")),
        // Other algorithms, and other keys.
        ("HS512", signed(Algorithm::HS512, None, &secret(SECRET.as_bytes()), &editor)),
        ("RS384", signed(Algorithm::RS384, Some("rsa"), &rsa(), &editor)),
        ("PS256", signed(Algorithm::PS256, Some("rsa"), &rsa(), &editor)),
        ("RS256 by the key of PS256", signed(Algorithm::RS256, Some("ps256"), &rsa(), &editor)),
        ("ES256 by the key of ES384", signed(Algorithm::ES256, Some("p384"), &ec(P256), &editor)),
        ("RS256 by the key of RS512", signed(Algorithm::RS256, Some("rs512"), &rsa(), &editor)),
        ("a key for encryption", signed(Algorithm::RS256, Some("enc"), &rsa(), &editor)),
        ("another key", signed(Algorithm::RS256, Some("rsa"), &other_rsa, &editor)),
        ("another ed key", signed(Algorithm::EdDSA, Some("ed"), &ed(NEXT_ED), &editor)),
        ("a key of another kind", signed(Algorithm::EdDSA, Some("rsa"), &ed(ED), &editor)),
        ("an unknown key", signed(Algorithm::EdDSA, Some("none"), &ed(ED), &editor)),
        ("an odd key", signed(Algorithm::EdDSA, Some("odd"), &ed(ED), &editor)),
        ("critical headers", {
            let unsigned = made(&critical, &editor, "");
            let message = unsigned.trim_end_matches('.');
            let signature = jsonwebtoken::crypto::sign(
                message.as_bytes(),
                &secret(SECRET.as_bytes()),
                Algorithm::HS256,
            );
            format!("{message}.{}", signature.unwrap())
        }),
        // Not now.
        ("expired", by_rsa(json!({ "exp": at(-20) }))),
        ("without an end", by_rsa(json!({ "exp": null }))),
        ("an end that is none", by_rsa(json!({ "exp": "tomorrow" }))),
        ("not yet", by_rsa(json!({ "nbf": at(60) }))),
        ("a beginning that is none", by_rsa(json!({ "nbf": "today" }))),
        // Not from there, or not for us.
        ("another issuer", by_rsa(json!({ "iss": "https://evil.example" }))),
        ("without an issuer", by_rsa(json!({ "iss": null }))),
        ("another audience", by_rsa(json!({ "aud": "other" }))),
        ("without an audience", by_rsa(json!({ "aud": null }))),
        // Of nobody.
        ("without a name", by_rsa(json!({ "sub": null }))),
        ("an empty name", by_rsa(json!({ "sub": "" }))),
        ("a name that is none", by_rsa(json!({ "sub": 7 }))),
        ("a name of a kilobyte", by_rsa(json!({ "sub": "x".repeat(1024) }))),
        ("no token at all", "nonsense".to_owned()),
        ("points", "..".to_owned()),
        ("no JSON", "e30.e30.e30".to_owned()),
    ];
    assert_taken(&server, &good, "ada", "EDITOR").await;
    for (what, token) in &refused {
        assert_refused(&server, what, token).await;
    }
    // A little difference between two clocks is none.
    assert_taken(&server, &by_rsa(json!({ "exp": at(-3), "nbf": at(3) })), "ada", "EDITOR").await;
    assert_taken(&server, &by_rsa(json!({ "aud": "hutong" })), "ada", "EDITOR").await;
    server.stop().await;
}

/// The secret of the set of keys verifies nothing, and neither does a key where only a secret is
/// taken.
#[tokio::test]
async fn each_key_is_for_its_algorithm_alone() {
    let (store, _folder) = sqlite().await;
    let file = file();
    let jwks = format!("--jwks={}", file.path().display());
    let server = taking(&store, &[&jwks]).await;
    let editor = claims(json!({}));
    for kid in [None, Some("oct"), Some("rsa")] {
        let token = signed(Algorithm::HS256, kid, &secret(SECRET.as_bytes()), &editor);
        assert_refused(&server, "the secret of the set", &token).await;
        let token = signed(Algorithm::HS256, kid, &secret(RSA_PUBLIC.as_bytes()), &editor);
        assert_refused(&server, "a public key as secret", &token).await;
    }
    server.stop().await;
    let (store, _folder) = sqlite().await;
    let server = taking(&store, &[&format!("--jwt-secret={SECRET}")]).await;
    let token = signed(Algorithm::RS256, Some("rsa"), &rsa(), &editor);
    assert_refused(&server, "a key where there are none", &token).await;
    server.stop().await;
    // Without a provider there are no such tokens.
    let (store, _folder) = sqlite().await;
    let server = Server::start(store).await;
    assert_refused(&server, "no provider", &token).await;
    server.stop().await;
}

/// Roles and names are where the provider puts them; a token without a role reads.
#[tokio::test]
async fn claims_are_where_they_are_said_to_be() {
    let (store, _folder) = sqlite().await;
    let options = [
        &format!("--jwt-secret={SECRET}"),
        "--jwt-role-claim=realm_access.roles",
        "--jwt-name-claim=email",
    ];
    let server = taking(&store, &options).await;
    let token =
        |changes| signed(Algorithm::HS256, None, &secret(SECRET.as_bytes()), &claims(changes));
    for (roles, role) in [
        (json!(["offline_access", "reader", "publisher", "editor"]), "PUBLISHER"),
        (json!("ADMIN"), "ADMIN"),
        (json!(["root", "superuser"]), "READER"),
        (json!([]), "READER"),
        (json!(3), "READER"),
        (Value::Null, "READER"),
    ] {
        let access = json!({ "roles": roles });
        let token = token(json!({ "email": "ada@city.example", "realm_access": access }));
        assert_taken(&server, &token, "ada@city.example", role).await;
    }
    // The claim of the default is none here.
    assert_taken(&server, &token(json!({ "email": "x", "role": "admin" })), "x", "READER").await;
    assert_refused(&server, "no name", &token(json!({}))).await;
    server.stop().await;
}

/// Keys at a URL are asked for once, and not again at once because tokens name keys that are not
/// known; while the provider is gone those that are known stay in force.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_asked_for_when_they_are_needed() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&asked);
    let answer = async move || {
        counts.fetch_add(1, SeqCst);
        set().to_string()
    };
    let provider = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", provider.local_addr().unwrap());
    let router = Router::new().route("/keys", get(answer));
    let provider = tokio::spawn(async { axum::serve(provider, router).await });
    let (store, _folder) = sqlite().await;
    let server = taking(&store, &[&format!("--jwks={url}")]).await;
    assert_eq!(asked.load(SeqCst), 0);
    let editor = claims(json!({}));
    let known = signed(Algorithm::RS256, Some("rsa"), &rsa(), &editor);
    let next = signed(Algorithm::EdDSA, Some("next"), &ed(NEXT_ED), &editor);
    let many = (0..10).map(|_| assert_taken(&server, &known, "ada", "EDITOR"));
    futures_util::future::join_all(many).await;
    assert_eq!(asked.load(SeqCst), 1);
    // Keys that nobody has do not make the server ask.
    for number in 0..20 {
        let kid = format!("made up {number}");
        let token = signed(Algorithm::RS256, Some(&kid), &rsa(), &editor);
        assert_refused(&server, &kid, &token).await;
    }
    assert_refused(&server, "the next key", &next).await;
    assert_eq!(asked.load(SeqCst), 1);
    provider.abort();
    assert_taken(&server, &known, "ada", "EDITOR").await;
    server.stop().await;
}
