//! Queries: WITH, set operations, SELECT and its clauses.

use std::collections::BTreeMap;

use crate::sql::ast::{
    BinaryOperator, Distinct, ExcludeSelectItem, Expr, GroupByExpr, GroupByWithModifier,
    NamedWindowExpr, ObjectName, RenameSelectItem, Select, SelectFlavor, SelectItem,
    SelectItemQualifiedWildcardKind, TopQuantity, WildcardAdditionalOptions,
};

use super::likes::is_for_names;
use super::outer_joins;
use super::queries::Body;
use super::texts::SHORT_PATTERN;
use super::writer::{
    Fault, From, Writer, Written, folded, limit, name, quote_name, quote_text, refuse,
};

impl Writer<'_> {
    pub(super) fn select(&mut self, select: &Select) -> Result<Body, Fault> {
        refuse_unknown_clauses(select)?;
        let rewritten = outer_joins::rewritten(select)?;
        let select = rewritten.as_ref().unwrap_or(select);
        let (from_text, from) = if select.connect_by.is_empty() {
            self.tables(&select.from)?
        } else {
            let mut from = From {
                is_hierarchy: true,
                ..From::default()
            };
            (self.hierarchy(select, &mut from)?, from)
        };
        self.froms.push(from);
        let aliases = self.refused_aliases(select);
        self.aliases.push(aliases);
        let written = self.select_parts(select, &from_text);
        self.aliases.pop();
        let from = self.froms.pop().unwrap_or_default();
        Ok(Body {
            sql: written?,
            from,
            top: top(select)?,
        })
    }

    /// Aliases of this SELECT that DuckDB would not use, with what they stand for.
    fn refused_aliases(&self, select: &Select) -> BTreeMap<String, Expr> {
        select
            .projection
            .iter()
            .filter_map(|item| match item {
                SelectItem::ExprWithAlias { expr, alias } if self.is_inlined(&folded(alias)) => {
                    Some((folded(alias), expr.clone()))
                }
                _ => None,
            })
            .collect()
    }

    fn select_parts(&mut self, select: &Select, from: &str) -> Written {
        let mut written = String::from("SELECT ");
        match &select.distinct {
            None | Some(Distinct::All) => {}
            Some(Distinct::Distinct) => written.push_str("DISTINCT "),
            Some(Distinct::On(_)) => return limit("does not support DISTINCT ON"),
        }
        written.push_str(&self.projection(select)?);
        if !from.is_empty() {
            written.push_str(&format!(" FROM {from}"));
        }
        if let Some(selection) = &select.selection {
            written.push_str(&format!(" WHERE {}", self.expression(selection)?));
        }
        written.push_str(&self.group_by(&select.group_by)?);
        if let Some(having) = &select.having {
            written.push_str(&format!(" HAVING {}", self.expression(having)?));
        }
        if !select.named_window.is_empty() {
            let mut windows = Vec::new();
            for window in &select.named_window {
                let spec = match &window.1 {
                    NamedWindowExpr::NamedWindow(other) => name(other),
                    NamedWindowExpr::WindowSpec(spec) => self.window(spec, "")?,
                };
                windows.push(format!("{} AS ({spec})", name(&window.0)));
            }
            written.push_str(&format!(" WINDOW {}", windows.join(", ")));
        }
        if let Some(qualify) = &select.qualify {
            written.push_str(&format!(" QUALIFY {}", self.expression(qualify)?));
        }
        Ok(written)
    }

    fn projection(&mut self, select: &Select) -> Written {
        let names = self.source.select_items(select.select_token.0.span);
        // TOP n stands before the first item, in its text.
        let names = if names.len() == select.projection.len() && select.top.is_none() {
            names
        } else {
            Vec::new()
        };
        let mut items = Vec::with_capacity(select.projection.len());
        for (index, item) in select.projection.iter().enumerate() {
            items.push(self.select_item(item, names.get(index))?);
        }
        Ok(items.join(", "))
    }

    fn select_item(&mut self, item: &SelectItem, text: Option<&String>) -> Written {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                if self.queries == 1 && has_product(expr) {
                    let name = text.map_or_else(|| expr.to_string().to_uppercase(), Clone::clone);
                    self.products.insert(name);
                }
                let written = self.expression(expr)?;
                if let Expr::CompoundIdentifier(_) | Expr::Identifier(_) = expr
                    && written.ends_with('"')
                {
                    return Ok(written);
                }
                let text = match text {
                    Some(text) => text.clone(),
                    None => expr.to_string().to_uppercase(),
                };
                Ok(format!("{written} AS {}", quote_name(&text)))
            }
            SelectItem::ExprWithAlias { alias, .. } if alias.quote_style == Some('\'') => refuse(
                format!("syntax error unexpected {alias}: a name stands in double quotes"),
            ),
            SelectItem::ExprWithAlias { expr, alias } => {
                let written = self.expression(expr)?;
                if self.queries == 1 && has_product(expr) {
                    self.products.insert(folded(alias));
                }
                if self.is_variant(expr) {
                    self.variants.insert(folded(alias));
                }
                if self.is_binary(expr) {
                    self.binaries.insert(folded(alias));
                }
                Ok(format!("{written} AS {}", name(alias)))
            }
            SelectItem::Wildcard(options) => self.wildcard("*", options),
            SelectItem::QualifiedWildcard(
                SelectItemQualifiedWildcardKind::ObjectName(object),
                options,
            ) => {
                let star = match object.0.as_slice() {
                    [one] => format!("{}.*", part_name(one)?),
                    _ => format!("{}.*", self.table_name(object)?),
                };
                self.wildcard(&star, options)
            }
            _ => limit("does not support this form of select item"),
        }
    }

    /// `* ILIKE … EXCLUDE … REPLACE … RENAME …`
    fn wildcard(&mut self, star: &str, options: &WildcardAdditionalOptions) -> Written {
        if options.opt_except.is_some() || options.opt_alias.is_some() {
            return limit("does not support this form of *");
        }
        let mut written = star.to_owned();
        if self.froms.last().is_some_and(|from| from.is_hierarchy) {
            if options.opt_exclude.is_some() || options.opt_ilike.is_some() {
                return limit("accepts a plain * with CONNECT BY only");
            }
            written.push_str(&format!(" EXCLUDE ({})", self.hidden_columns()));
        }
        if let Some(ilike) = &options.opt_ilike {
            if options.opt_exclude.is_some() {
                return refuse("ILIKE cannot be combined with EXCLUDE");
            }
            if options.opt_replace.is_some() {
                return limit("does not support * with both ILIKE and REPLACE");
            }
            // Decided while the statement is planned, which nothing stops.
            if !is_for_names(&ilike.pattern) {
                return limit(format!(
                    "accepts * ILIKE only with a pattern of at most {SHORT_PATTERN} bytes and with few %, as in '%key%' or 'a%key'"
                ));
            }
            written.push_str(&format!(" ILIKE {}", quote_text(&ilike.pattern)));
        }
        if let Some(exclude) = &options.opt_exclude {
            let columns: Vec<&ObjectName> = match exclude {
                ExcludeSelectItem::Single(one) => vec![one],
                ExcludeSelectItem::Multiple(many) => many.iter().collect(),
            };
            let columns = columns
                .into_iter()
                .map(|column| match column.0.last() {
                    Some(last) => part_name(last),
                    None => refuse("EXCLUDE needs a column"),
                })
                .collect::<Result<Vec<_>, _>>()?;
            written.push_str(&format!(" EXCLUDE ({})", columns.join(", ")));
        }
        if let Some(replace) = &options.opt_replace {
            let mut items = Vec::new();
            for item in &replace.items {
                let expr = self.expression(&item.expr)?;
                items.push(format!("{expr} AS {}", name(&item.column_name)));
            }
            written.push_str(&format!(" REPLACE ({})", items.join(", ")));
        }
        if let Some(rename) = &options.opt_rename {
            let items = match rename {
                RenameSelectItem::Single(one) => vec![one],
                RenameSelectItem::Multiple(many) => many.iter().collect(),
            };
            let items: Vec<String> = items
                .into_iter()
                .map(|item| format!("{} AS {}", name(&item.ident), name(&item.alias)))
                .collect();
            written.push_str(&format!(" RENAME ({})", items.join(", ")));
        }
        Ok(written)
    }

    fn group_by(&mut self, group_by: &GroupByExpr) -> Written {
        let (mut keys, modifiers) = match group_by {
            GroupByExpr::All(modifiers) => (vec!["ALL".to_owned()], modifiers),
            GroupByExpr::Expressions(list, modifiers) => (self.expressions(list)?, modifiers),
        };
        for modifier in modifiers {
            match modifier {
                GroupByWithModifier::GroupingSets(sets) => keys.push(self.expression(sets)?),
                _ => return limit("does not support this modifier of GROUP BY"),
            }
        }
        Ok(if keys.is_empty() {
            String::new()
        } else {
            format!(" GROUP BY {}", keys.join(", "))
        })
    }
}

/// Whether a value is a product, or a sum or quotient that holds one.
fn has_product(expr: &Expr) -> bool {
    let mut expr = expr;
    loop {
        match expr {
            Expr::Nested(inner) => expr = inner,
            Expr::UnaryOp { expr: inner, .. } => expr = inner,
            Expr::BinaryOp { left, op, right } => match op {
                BinaryOperator::Multiply => return true,
                BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Divide => {
                    if has_product(right) {
                        return true;
                    }
                    expr = left;
                }
                _ => return false,
            },
            _ => return false,
        }
    }
}

fn refuse_unknown_clauses(select: &Select) -> Result<(), Fault> {
    let is_plain = select.into.is_none()
        && select.lateral_views.is_empty()
        && select.prewhere.is_none()
        && select.cluster_by.is_empty()
        && select.distribute_by.is_empty()
        && select.sort_by.is_empty()
        && select.value_table_mode.is_none()
        && select.exclude.is_none()
        && select.select_modifiers.is_none()
        && select.flavor == SelectFlavor::Standard;
    if is_plain {
        Ok(())
    } else {
        limit("does not support one of the clauses of this SELECT")
    }
}

fn top(select: &Select) -> Result<Option<String>, Fault> {
    let Some(top) = &select.top else {
        return Ok(None);
    };
    if top.with_ties || top.percent {
        return limit("supports TOP with a number of rows only");
    }
    match &top.quantity {
        Some(TopQuantity::Constant(rows)) => Ok(Some(rows.to_string())),
        Some(TopQuantity::Expr(Expr::Value(value))) => Ok(Some(value.to_string())),
        _ => limit("supports TOP with a number of rows only"),
    }
}

fn part_name(part: &crate::sql::ast::ObjectNamePart) -> Written {
    match part.as_ident() {
        Some(ident) => Ok(name(ident)),
        None => limit("does not support this form of name"),
    }
}
