//! A call of a function, its parts laid out.

use super::writer::{Fault, limit, refuse};
use crate::sql::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, NullTreatment, OrderByExpr, WindowType,
};

/// A call of a function, its parts laid out.
pub(super) struct Call<'e> {
    /// Upper case.
    pub(super) name: String,
    arguments: Vec<&'e Expr>,
    /// `FLATTEN(input => …)`
    pub(super) named: Vec<(String, &'e Expr)>,
    /// `COUNT(*)`
    pub(super) is_star: bool,
    pub(super) is_distinct: bool,
    pub(super) within_group: &'e [OrderByExpr],
    pub(super) null_treatment: Option<NullTreatment>,
    pub(super) over: Option<&'e WindowType>,
}

impl<'e> Call<'e> {
    pub(super) fn of(function: &'e Function) -> Result<Self, Fault> {
        let mut call = Self {
            name: function.name.to_string().to_uppercase(),
            arguments: Vec::new(),
            named: Vec::new(),
            is_star: false,
            is_distinct: false,
            within_group: &function.within_group,
            null_treatment: function.null_treatment,
            over: function.over.as_ref(),
        };
        if function.filter.is_some() || !matches!(function.parameters, FunctionArguments::None) {
            return limit(format!("does not support this form of {}", call.name));
        }
        match &function.args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(_) => {
                return limit(format!(
                    "does not accept subquery as the argument of {}",
                    call.name
                ));
            }
            FunctionArguments::List(list) => {
                call.is_distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
                call.read_clauses(&list.clauses)?;
                call.read_arguments(&list.args)?;
            }
        }
        Ok(call)
    }

    fn read_clauses(&mut self, clauses: &'e [FunctionArgumentClause]) -> Result<(), Fault> {
        for clause in clauses {
            match clause {
                FunctionArgumentClause::IgnoreOrRespectNulls(treatment) => {
                    self.null_treatment = Some(*treatment);
                }
                _ => return limit(format!("does not support this form of {}", self.name)),
            }
        }
        Ok(())
    }

    pub(super) fn read_arguments(&mut self, arguments: &'e [FunctionArg]) -> Result<(), Fault> {
        for argument in arguments {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.arguments.push(expr),
                FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => self.is_star = true,
                FunctionArg::Named {
                    name,
                    arg: FunctionArgExpr::Expr(expr),
                    ..
                } => self.named.push((name.value.to_uppercase(), expr)),
                _ => return limit(format!("does not accept this argument of {}", self.name)),
            }
        }
        Ok(())
    }

    pub(super) fn table_function(
        name: String,
        arguments: &'e [FunctionArg],
    ) -> Result<Self, Fault> {
        let mut call = Self {
            name: name.to_uppercase(),
            arguments: Vec::new(),
            named: Vec::new(),
            is_star: false,
            is_distinct: false,
            within_group: &[],
            null_treatment: None,
            over: None,
        };
        call.read_arguments(arguments)?;
        Ok(call)
    }

    pub(super) fn arguments(&self) -> &[&'e Expr] {
        &self.arguments
    }

    pub(super) fn argument(&self, index: usize) -> Result<&'e Expr, Fault> {
        match self.arguments.get(index) {
            Some(argument) => Ok(argument),
            None => refuse(format!("not enough arguments for function {}", self.name)),
        }
    }

    /// The argument passed by name, or else by place.
    pub(super) fn named_or(&self, name: &str, index: usize) -> Option<&'e Expr> {
        self.named
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, expr)| *expr)
            .or_else(|| self.arguments.get(index).copied())
    }

    /// "DISTINCT " where it was asked for.
    pub(super) fn distinct(&self) -> &'static str {
        if self.is_distinct { "DISTINCT " } else { "" }
    }
}
