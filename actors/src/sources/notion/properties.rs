//! What a row of a database says in its columns: <https://developers.notion.com/reference/page-property-values>.

use serde_json::{Map, Value};

use super::rich::{line, plain};
use crate::sources::markdown::title as safe;

/// The page's name.
pub(super) fn title(properties: &Map<String, Value>) -> String {
    let title = properties.values().find(|property| property["type"] == "title");
    title.map(|property| plain(&property["title"])).unwrap_or_default()
}

/// The other columns, a line each: `- Status: Done`. Those that say nothing are left out, and those that only Notion needs.
pub(super) fn lines(properties: &Map<String, Value>) -> Vec<String> {
    let others = properties.iter().filter(|(_, property)| property["type"] != "title");
    let columns = others.filter_map(|(name, property)| {
        let value = value(property)?;
        (!value.trim().is_empty()).then(|| format!("- {}: {value}", safe(name)))
    });
    let mut columns: Vec<String> = columns.collect();
    // Notion sends them in no order to rely on, and what did not change must not look as if it had.
    columns.sort_unstable();
    columns
}

/// A property's value as Markdown.
fn value(property: &Value) -> Option<String> {
    let kind = property["type"].as_str()?;
    let value = &property[kind];
    match kind {
        "rich_text" => Some(line(value)),
        "number" => number(value),
        "select" | "status" => value["name"].as_str().map(safe),
        "multi_select" | "people" | "files" => Some(names(value)),
        "date" => date(value),
        "checkbox" => value.as_bool().map(|checked| if checked { "yes" } else { "no" }.to_owned()),
        "url" | "email" | "phone_number" => value.as_str().map(safe),
        "unique_id" => {
            let number = number(&value["number"])?;
            Some(
                value["prefix"]
                    .as_str()
                    .map_or(number.clone(), |prefix| format!("{}-{number}", safe(prefix))),
            )
        }
        "formula" => computed(value),
        "rollup" => match value["type"].as_str()? {
            "array" => {
                let each = value["array"].as_array()?.iter().filter_map(self::value);
                Some(each.filter(|value| !value.trim().is_empty()).collect::<Vec<_>>().join(", "))
            }
            _ => computed(value),
        },
        // In a roll-up: the names of the pages.
        "title" => Some(line(value)),
        _ => None,
    }
}

fn number(value: &Value) -> Option<String> {
    value.is_number().then(|| value.to_string())
}

fn computed(value: &Value) -> Option<String> {
    let kind = value["type"].as_str()?;
    let value = &value[kind];
    match kind {
        "string" => value.as_str().map(safe),
        "number" => number(value),
        "boolean" => value.as_bool().map(|is| if is { "yes" } else { "no" }.to_owned()),
        "date" => date(value),
        _ => None,
    }
}

fn date(value: &Value) -> Option<String> {
    let start = value["start"].as_str().map(safe)?;
    Some(
        value["end"]
            .as_str()
            .map_or(start.clone(), |end| format!("{start} to {}", safe(end))),
    )
}

fn names(value: &Value) -> String {
    let names = value.as_array().map(Vec::as_slice).unwrap_or_default().iter();
    names
        .filter_map(|one| one["name"].as_str())
        .map(safe)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_says_what_its_columns_say() {
        let text = |text: &str| json!([{ "type": "text", "plain_text": text }]);
        let properties = json!({
            "Name": { "id": "title", "type": "title", "title": text("Refunds") },
            "Answer": { "type": "rich_text", "rich_text": text("Within\n14 days_") },
            "Price": { "type": "number", "number": 9.5 },
            "Status": { "type": "status", "status": { "name": "In use", "color": "green" } },
            "Kind": { "type": "select", "select": null },
            "Tags": { "type": "multi_select", "multi_select": [{ "name": "billing" }, { "name": "a|b" }] },
            "Who": { "type": "people", "people": [{ "object": "user", "id": "1", "name": "Ada" }, { "object": "user", "id": "2" }] },
            "When": { "type": "date", "date": { "start": "2026-01-01", "end": "2026-01-31", "time_zone": null } },
            "Public": { "type": "checkbox", "checkbox": true },
            "Number": { "type": "unique_id", "unique_id": { "prefix": "FAQ", "number": 3 } },
            "Sum": { "type": "formula", "formula": { "type": "number", "number": 4 } },
            "Parts": { "type": "rollup", "rollup": { "type": "array", "function": "show_original", "array": [{ "type": "title", "title": text("One") }, { "type": "number", "number": null }] } },
            "Empty": { "type": "rich_text", "rich_text": [] },
            "Beside": { "type": "relation", "relation": [{ "id": "x" }], "has_more": false },
            "Made": { "type": "created_time", "created_time": "2026-01-01T00:00:00.000Z" },
            "New": { "type": "a_type_of_tomorrow", "a_type_of_tomorrow": {} },
            "Odd": null,
        });
        let properties = properties.as_object().unwrap();
        assert_eq!(title(properties), "Refunds");
        assert_eq!(
            lines(properties),
            [
                "- Answer: Within 14 days\\_",
                "- Number: FAQ-3",
                "- Parts: One",
                "- Price: 9.5",
                "- Public: yes",
                "- Status: In use",
                "- Sum: 4",
                "- Tags: billing, a\\|b",
                "- When: 2026-01-01 to 2026-01-31",
                "- Who: Ada",
            ]
        );
    }
}
