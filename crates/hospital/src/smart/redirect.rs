//! Redirect addresses: what may be registered. They are compared byte by byte afterwards.

/// Longest address.
const URI_BYTES_MAX: usize = 1_024;

/// Why an address cannot be registered; `None`: it can.
pub(super) fn unfit(uri: &str) -> Option<&'static str> {
    if uri.is_empty() || uri.len() > URI_BYTES_MAX {
        return Some("it is empty or longer than 1024 bytes");
    }
    // What stands in a header (`Location`, the page's policy) must not end it.
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"'<>\\^`{|};,*".contains(&byte);
    if !uri.bytes().all(plain) {
        return Some("it has a character that must be percent-encoded");
    }
    if uri.contains('#') {
        // RFC 6749 3.1.2.
        return Some("it has a fragment");
    }
    let Some((scheme, rest)) = uri.split_once(':') else {
        return Some("it is not absolute");
    };
    match scheme {
        "https" | "http" => web(scheme, rest),
        // RFC 8252 7.1: an app's own scheme is a domain name in reverse.
        scheme
            if scheme.contains('.')
                && scheme.starts_with(|it: char| it.is_ascii_lowercase())
                && scheme.bytes().all(|it| {
                    it.is_ascii_lowercase() || it.is_ascii_digit() || b".-".contains(&it)
                }) =>
        {
            None
        }
        _ => Some("its scheme is neither https nor an app's own, such as org.example.app"),
    }
}

fn web(scheme: &str, rest: &str) -> Option<&'static str> {
    let Some(rest) = rest.strip_prefix("//") else {
        return Some("it is not absolute");
    };
    let authority = rest.split(['/', '?']).next().unwrap_or("");
    if authority.is_empty() || authority.contains('@') {
        return Some("it needs a host, without a user name");
    }
    let (host, port) = match authority
        .strip_prefix('[')
        .and_then(|it| it.split_once(']'))
    {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Some("its port is not a number");
    }
    // RFC 8252 7.3: without TLS only on the user's own machine.
    if scheme == "http" && !matches!(host, "127.0.0.1" | "::1" | "localhost") {
        return Some("http is for 127.0.0.1, [::1] and localhost only: use https");
    }
    None
}

/// The origin of an address, or the scheme of an app's own: where a form may lead (CSP3).
pub fn origin(uri: &str) -> String {
    let (scheme, rest) = uri.split_once(':').unwrap_or((uri, ""));
    match rest.strip_prefix("//") {
        Some(rest) if matches!(scheme, "http" | "https") => {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
            format!("{scheme}://{authority}")
        }
        _ => format!("{scheme}:"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_lead_to_the_app_are_registered() {
        for fit in [
            "https://app.example/callback",
            "https://app.example:8443/callback?tenant=1",
            "http://127.0.0.1:4000/cb",
            "http://localhost/cb",
            "http://[::1]:9/cb",
            "org.example.app:/cb",
        ] {
            assert_eq!(unfit(fit), None, "{fit}");
        }
        for wrong in [
            "",
            "/callback",
            "http://app.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://127.0.0.1@evil.example/cb",
            "https://user@app.example/cb",
            "https://app.example/cb#part",
            "https://app.example/a b",
            "https://app.example/;script-src",
            "https://app.example/\r\nSet-Cookie:x",
            "https://*.example/cb",
            "https:///cb",
            "https://app.example:port/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "Org.example.app:/cb",
        ] {
            assert!(unfit(wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn a_form_may_lead_to_the_origin_only() {
        assert_eq!(origin("https://a.example:1/x?y"), "https://a.example:1");
        assert_eq!(origin("org.example.app:/cb"), "org.example.app:");
    }
}
