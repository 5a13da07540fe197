//! Transaction information and statement as a page to print: one file, no script, nothing from
//! elsewhere.

use hospital::packs::dscsa::{Paper, Party};
use maud::{DOCTYPE, Markup, html};

const STYLE: &str = "body{font:14px/1.4 sans-serif;margin:2em}table{border-collapse:collapse;\
    width:100%}th,td{border:1px solid #999;padding:4px 6px;text-align:left;vertical-align:top;\
    overflow-wrap:anywhere}thead{display:table-header-group}tr{break-inside:avoid}\
    .two{display:flex;gap:4em}@page{margin:12mm}";
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The page.
pub(super) fn page(paper: &Paper) -> String {
    let (information, statement) = (&paper.information, &paper.statement);
    let missing = information.missing();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { "Transaction information and statement" }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                h1 { "Transaction information" }
                p { "FD&C Act 581(26). Transaction " (information.transaction) " of "
                    (information.date) "."
                    @if let Some(shipped) = &information.shipped { " Shipped " (shipped) "." } }
                div.two {
                    (party("From", &information.seller.card))
                    (party("To", &information.buyer.card))
                }
                (lines(paper))
                @if !missing.is_empty() {
                    h2 { "Not known" }
                    ul { @for it in &missing { li { (it.field) ": " (it.remedy) } } }
                }
                h1 { "Transaction statement" }
                p { "FD&C Act 581(27). " (statement.legal_notice()) }
                @if let Some(text) = statement.direct_statement() { p { (text) } }
                table {
                    thead { tr { th { "" } th { "Statement" } th { "Holds" } th { "Because of" } } }
                    tbody {
                        @for it in &statement.assertions {
                            tr {
                                td { "(" (it.letter) ")" }
                                td { (it.says) }
                                td { @if it.holds { "yes" } @else { "no" } }
                                td { (it.basis) }
                            }
                        }
                    }
                }
                p { "Made " (statement.made) " by " (statement.seller) "." }
            }
        }
    };
    page.into_string()
}

fn party(side: &str, card: &Party) -> Markup {
    html! {
        div {
            h2 { (side) }
            p {
                (card.name) br;
                (card.street) br;
                @if !card.street_two.is_empty() { (card.street_two) br; }
                (card.city) " " (card.state) " " (card.postal_code) br;
                (card.country)
                @if !card.gln.is_empty() { br; "GLN " (card.gln) }
            }
        }
    }
}

fn lines(paper: &Paper) -> Markup {
    html! {
        table {
            thead { tr {
                th { "Product" } th { "Strength, form" } th { "NDC" } th { "Container" }
                th { "Number" } th { "Lot" } th { "Expiry" } th { "Serial numbers" }
            } }
            tbody {
                @for line in &paper.information.lines {
                    tr {
                        td { (line.product.name) br; "GTIN " (line.product.gtin) }
                        td { (line.product.strength) " " (line.product.dosage_form) }
                        td { (line.product.ndc) }
                        td { (line.product.container_size) }
                        td { (line.number_of_containers) }
                        td { (line.lot) }
                        td { (line.expiry) }
                        td { (line.serials.join(" ")) }
                    }
                }
            }
        }
    }
}
