//! Which kinds of statements may run: the preset, and the lists that narrow it.

use super::names::list;
use super::{CurrentNames, Options, Refusal};
use crate::sql::{Class, FunctionCall, Parsed};

pub(super) fn check(
    options: &Options,
    parsed: &Parsed,
    place: &CurrentNames<'_>,
) -> Result<(), Refusal> {
    // The list of side effects before the preset: it applies under every preset, and its refusal
    // names the function.
    let effects = effects(parsed, place);
    check_side_effects(options, &effects)?;
    check_preset(options, parsed, &effects)?;
    check_lists(options, parsed)
}

/// The same for a statement of the operator's own tools.
pub(super) fn check_operators(
    options: &Options,
    parsed: &Parsed,
    place: &CurrentNames<'_>,
) -> Result<(), Refusal> {
    let effects = effects(parsed, place);
    check_side_effects(options, &effects)?;
    let class = parsed.class();
    if !options.custom_tools_may.contains(&class)
        // What CUSTOM_TOOLS_MAY names passes whatever the preset says; a tool that only reads is
        // held to it like a caller.
        && let Err(refusal) = check_preset(options, parsed, &effects)
    {
        return Err(match class {
            Class::Write | Class::Procedure => Refusal::Operators { class },
            _ => refusal,
        });
    }
    check_lists(options, parsed)
}

/// The calls that do more than compute. A write may draw numbers from a sequence, that is what it is for.
fn effects(parsed: &Parsed, place: &CurrentNames<'_>) -> Vec<FunctionCall> {
    let is_write = parsed.class_without_calls() == Class::Write;
    let calls = parsed.calls().iter();
    calls
        .filter(|call| !(is_write && call.function() == "NEXTVAL"))
        // A bare name may be that of a function that is billed, where its schema is the current one.
        .map(|call| call.in_snowflakes_own(place.database, place.schema))
        .filter(FunctionCall::has_effect)
        .collect()
}

/// With a list of side effects only those may be had, under any preset.
fn check_side_effects(options: &Options, effects: &[FunctionCall]) -> Result<(), Refusal> {
    let Some(allowed) = &options.allowed_side_effects else {
        return Ok(());
    };
    let refused = effects
        .iter()
        // An allowance must be certain, a denial only possible: a bare name could be another
        // function than the listed one.
        .find(|call| !allowed.iter().any(|pattern| pattern.surely_matches(call)));
    match refused {
        Some(call) => Err(Refusal::SideEffect {
            function: call.to_string(),
            allowed: list(allowed),
        }),
        None => Ok(()),
    }
}

fn check_preset(
    options: &Options,
    parsed: &Parsed,
    effects: &[FunctionCall],
) -> Result<(), Refusal> {
    let (class, found) = match (
        &options.allowed_side_effects,
        parsed.class(),
        effects.first(),
    ) {
        // What remains of the functions was allowed one by one.
        (Some(_), Class::SideEffect, _) => {
            (parsed.class_without_calls(), parsed.found().to_owned())
        }
        // The parser saw no schema; read in the call's place, the name is that of a function with
        // an effect.
        (None, Class::Read | Class::Write, Some(call)) => (Class::SideEffect, call.to_string()),
        (_, class, _) => (class, parsed.found().to_owned()),
    };
    if options.preset.permits(class, &found) {
        return Ok(());
    }
    Err(Refusal::Kind {
        class,
        found,
        preset: options.preset,
    })
}

fn check_lists(options: &Options, parsed: &Parsed) -> Result<(), Refusal> {
    // A pipeline and an EXPLAIN have several kinds, and each must pass.
    for kind in parsed.kinds() {
        // Denials first: a kind may be on both lists, as a class on one and by name on the other.
        if let Some(denied) = options
            .denied_statements
            .iter()
            .find(|pattern| pattern.matches(kind))
        {
            return Err(Refusal::Statement {
                statement: kind.to_string(),
                why: format!("the operator has denied {denied}"),
            });
        }
        if let Some(allowed) = &options.allowed_statements
            && !allowed.iter().any(|pattern| pattern.matches(kind))
        {
            return Err(Refusal::Statement {
                statement: kind.to_string(),
                why: format!("only these statements may be sent: {}", list(allowed)),
            });
        }
    }
    Ok(())
}
