//! Fields that are no argument of the tool: a misspelt argument, or a field that belongs to another program?
//!
//! A field of another program may be ignored. A misspelt argument may not: the answer would be to another question.

use rmcp::model::JsonObject;

/// What a field of a call means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meant {
    /// This argument of the tool.
    Ours(String),
    /// An argument that only other tools take.
    OfOtherTools,
}

/// An argument of some tool, and other names that models give it.
struct Word {
    name: &'static str,
    /// The other names, in lower case and without separators.
    also: &'static [&'static str],
    /// Names that programs also use for fields of their own. They mean the argument only in a call where it is missing.
    perhaps: &'static [&'static str],
    /// What to use in a tool that does not take the argument.
    instead: &'static [&'static str],
}

/// Every argument of every tool.
const WORDS: [Word; 30] = [
    Word {
        name: "sql",
        also: &[
            "statement",
            "sqlquery",
            "sqlstatement",
            "sqltext",
            "querytext",
            "querystring",
        ],
        perhaps: &["code", "command", "text", "input", "select"],
        instead: &[],
    },
    Word {
        name: "query",
        also: &[
            "searchquery",
            "searchterm",
            "keyword",
            "keywords",
            "term",
            "search",
            "words",
        ],
        perhaps: &["text", "input", "name"],
        instead: &["sql", "like"],
    },
    Word {
        name: "like",
        also: &[
            "pattern",
            "namepattern",
            "likepattern",
            "filter",
            "search",
            "keyword",
        ],
        perhaps: &["name", "text"],
        instead: &["query"],
    },
    Word {
        name: "parameters",
        also: &[
            "params",
            "binds",
            "bindings",
            "bindvalues",
            "bindparameters",
            "bindvariables",
        ],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "database",
        also: &["db", "dbname", "databaseid", "catalog", "tablecatalog"],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "schema",
        also: &[
            "dbschema",
            "schemaid",
            "tableschema",
            "namespace",
            "dataset",
        ],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "table",
        also: &[
            "tbl",
            "tableid",
            "objectname",
            "fullname",
            "fullyqualifiedname",
            "relation",
        ],
        perhaps: &["name", "object", "identifier", "fqn"],
        instead: &["view"],
    },
    Word {
        name: "view",
        also: &["viewid"],
        perhaps: &["name", "object", "identifier", "fqn"],
        instead: &["table"],
    },
    Word {
        name: "columns",
        also: &["cols", "fields", "columnlist", "selectcolumns"],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "warehouse",
        also: &["virtualwarehouse", "wh"],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "role",
        also: &["snowflakerole"],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "limit",
        also: &[
            "maxrows",
            "rowlimit",
            "maxresults",
            "pagesize",
            "numrows",
            "nrows",
            "rowcount",
            "maxrecords",
            "limitrows",
            "rows",
            "top",
        ],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "format",
        also: &[
            "outputformat",
            "resultformat",
            "responseformat",
            "fmt",
            "outputtype",
        ],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "timeout_seconds",
        also: &[
            "timeout",
            "timeoutms",
            "timeoutsec",
            "timeoutsecs",
            "querytimeout",
            "timelimit",
            "maxtime",
            "statementtimeout",
        ],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "wait_seconds",
        also: &["wait", "waitms", "maxwait", "waittime", "syncwait"],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "ddl",
        also: &["includeddl", "withddl", "getddl", "showddl"],
        perhaps: &[],
        instead: &["definition"],
    },
    Word {
        name: "query_id",
        also: &["statementid"],
        perhaps: &["id"],
        instead: &["cursor"],
    },
    Word {
        name: "status",
        also: &["state"],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "slower_than_seconds",
        also: &["slowerthan", "minseconds", "minduration", "longerthan"],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "contains",
        also: &["textcontains", "querycontains"],
        perhaps: &["text", "search", "keyword"],
        instead: &[],
    },
    Word {
        name: "hours",
        also: &["sincehours", "lasthours", "hoursback"],
        perhaps: &["since"],
        instead: &[],
    },
    Word {
        name: "metrics",
        also: &["measures"],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "dimensions",
        also: &["groupby"],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "facts",
        also: &[],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "filters",
        also: &["conditions"],
        perhaps: &["where"],
        instead: &[],
    },
    Word {
        name: "having",
        also: &[],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "order_by",
        also: &["orderby"],
        perhaps: &["sort", "sortby"],
        instead: &[],
    },
    Word {
        name: "metric",
        also: &["formetric"],
        perhaps: &[],
        instead: &[],
    },
    Word {
        name: "definition",
        also: &[],
        perhaps: &[],
        instead: &["ddl"],
    },
    Word {
        name: "cursor",
        also: &[
            "nextcursor",
            "pagetoken",
            "nextpagetoken",
            "cursorid",
            "continuationtoken",
        ],
        perhaps: &["queryid", "statementid", "token", "id", "handle"],
        instead: &[],
    },
];

/// A longer name belongs to another program, and is not compared with our names.
const LONGEST: usize = 40;

/// Which argument a field means, in a call that has these arguments; `None` if the field belongs to another program.
pub(super) fn meant(field: &str, properties: &JsonObject, given: &JsonObject) -> Option<Meant> {
    // Comparing grows with the length, and no misspelt argument is that long.
    if field.len() > LONGEST {
        return None;
    }
    let field = squashed(field);
    let of_tool = properties.keys().find(|name| is_near(&field, name));
    if let Some(name) = of_tool {
        return Some(Meant::Ours(name.clone()));
    }
    let in_its_place = |word: &'static Word| {
        let mut names = std::iter::once(word.name).chain(word.instead.iter().copied());
        names.find(|name| properties.contains_key(*name))
    };
    // An argument of this tool is tried before those of other tools.
    let mut ours = WORDS
        .iter()
        .filter(|word| word.also.contains(&field.as_str()) || is_near(&field, word.name))
        .map(in_its_place);
    let first = ours.next();
    if let Some(name) = first.into_iter().chain(ours).flatten().next() {
        return Some(Meant::Ours(name.to_owned()));
    }
    if first.is_some() {
        return Some(Meant::OfOtherTools);
    }
    WORDS
        .iter()
        .filter(|word| word.perhaps.contains(&field.as_str()))
        // A vague word is taken for an argument only if that argument is not given: other programs'
        // fields have vague names too.
        .filter(|word| properties.contains_key(word.name) && !given.contains_key(word.name))
        .map(|word| Meant::Ours(word.name.to_owned()))
        .next()
}

/// Whether a field, squashed, is this name in another spelling: `tableName`, `timeoutSeconds`, `formt`.
fn is_near(field: &str, name: &str) -> bool {
    let name = squashed(name);
    let stem = field
        .strip_suffix("names")
        .or_else(|| field.strip_suffix("name"))
        .filter(|stem| !stem.is_empty())
        .unwrap_or(field);
    let allowed = match name.len() {
        0..=7 => 1,
        _ => 2,
    };
    // A name that begins with another letter is another word.
    let same_start = stem.chars().next() == name.chars().next();
    stem == name || (same_start && strsim::damerau_levenshtein(stem, &name) <= allowed)
}

/// A name in lower case, without separators.
fn squashed(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// A caller's field as an answer repeats it: short, and with letters, digits and separators only.
pub(super) fn shown(name: &str) -> String {
    let mut shown: String = name
        .chars()
        .take(LONGEST)
        .map(|c| {
            let is_plain = c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$');
            if is_plain { c } else { '?' }
        })
        .collect();
    if name.chars().count() > LONGEST {
        shown.push('…');
    }
    shown
}

/// Every name that [`meant`] recognizes.
#[cfg(test)]
pub(in crate::mcp) fn known() -> Vec<&'static str> {
    WORDS.iter().map(|word| word.name).collect()
}
