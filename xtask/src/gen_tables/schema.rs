//! The tables of ODM 1.3.2 and 2.0, from CDISC's XML Schemas.
//!
//! A table has one line per thing that is reachable from the root element, columns apart by tabs:
//! `ns` prefix and URI; `simple` a name, its base and facets; `union` a name and its members;
//! `complex` a name, what its content is, the type of its text, its content model and attributes;
//! `element` a name and its type; `unique` an element, a selector and fields. The form:
//! docs/decisions/0034-odm-documents.md.

mod model;
mod write;
mod xsd;

use anyhow::Result;

use super::root;

/// Where the tables stand in `crates/cdisc/src/odm/generated`, and what they are made of.
const TABLES: &[(&str, &str)] = &[
    ("odm1.txt", "../shared/data/trials/odm1.3.2/ODM1-3-2.xsd"),
    ("odm2.txt", "../shared/data/trials/odm2/schema/ODM.xsd"),
];

/// `None`: the schemas are not here.
pub(crate) fn tables() -> Result<Option<Vec<(&'static str, String)>>> {
    let mut tables = Vec::new();
    for (name, schema) in TABLES {
        let path = root().join(schema);
        if !path.is_file() {
            return Ok(None);
        }
        let texts = xsd::load(&path)?;
        let trees = xsd::parse(&texts)?;
        let schema = xsd::Schema::new(&trees)?;
        tables.push((*name, write::table(&schema, "ODM")?));
    }
    Ok(Some(tables))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_tables_are_those_of_the_schemas() {
        let Some(tables) = tables().unwrap() else {
            println!("skipped: the schemas of ODM are absent");
            return;
        };
        let folder = root().join("crates/cdisc/src/odm/generated");
        for (name, table) in tables {
            let committed = std::fs::read_to_string(folder.join(name)).unwrap();
            assert_eq!(committed, table, "{name}: run `cargo xtask gen`");
        }
    }

    #[test]
    fn groups_choices_and_facets_become_one_line_each() {
        let text = r#"<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema" xmlns="u"
            targetNamespace="u">
          <s:simpleType name="kind"><s:restriction base="s:string">
            <s:enumeration value="a b"/><s:pattern value="[a-c ]+"/></s:restriction></s:simpleType>
          <s:attributeGroup name="g"><s:attribute name="Kind" type="kind" use="required"/>
            <s:attribute name="N" default="1"/></s:attributeGroup>
          <s:group name="none"><s:sequence/></s:group>
          <s:group name="two"><s:choice><s:element ref="A"/><s:element name="B" type="kind"/>
            </s:choice></s:group>
          <s:element name="A"><s:complexType mixed="true"><s:attributeGroup ref="g"/>
            </s:complexType></s:element>
          <s:element name="R" type="r"><s:unique name="x"><s:selector xpath="o:A"/>
            <s:field xpath="@Kind"/></s:unique></s:element>
          <s:complexType name="r"><s:sequence><s:group ref="none"/>
            <s:group ref="two" minOccurs="0" maxOccurs="unbounded"/>
            <s:element ref="A" maxOccurs="3"/></s:sequence></s:complexType>
        </s:schema>"#;
        let texts = vec![text.to_owned()];
        let trees = xsd::parse(&texts).unwrap();
        let table = write::table(&xsd::Schema::new(&trees).unwrap(), "R").unwrap();
        assert_eq!(
            table,
            "ns\t\tu\n\
             element\tA\t#1\n\
             element\tR\tr\n\
             complex\t#1\tmixed\t-\t-\tKind kind !\tN xs:string ?\n\
             complex\tr\telements\t-\t(A|B=kind)* A{1,3}\n\
             simple\tkind\txs:string\t=a b\t~[a-c ]+\n\
             unique\tR\tA\t@Kind\n"
        );
    }
}
