use std::collections::BTreeMap;

use leptos::prelude::*;

/// The form, the field, what stands in it.
type Fields = Vec<(String, String, ArcRwSignal<String>)>;

/// What was typed into forms that can be closed and opened again, or that a
/// sign-in interrupts: nothing typed is lost while the page is open. Never
/// written anywhere.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Drafts {
    fields: StoredValue<Fields>,
}

/// The draft of one form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft {
    form: StoredValue<String>,
    fields: StoredValue<Fields>,
}

impl Drafts {
    /// The draft of the form named so; empty where nothing was typed yet.
    pub(crate) fn of(self, form: impl Into<String>) -> Draft {
        Draft {
            form: StoredValue::new(form.into()),
            fields: self.fields,
        }
    }

    /// Forgets everything: another person may be next.
    pub(crate) fn clear(self) {
        self.fields.update_value(Vec::clear);
    }
}

impl Draft {
    /// The value of one field.
    pub(crate) fn field(self, name: &str) -> RwSignal<String> {
        let held: Vec<_> = self.each(|field, value| (field == name).then(|| value.clone()));
        let value = held.into_iter().next().unwrap_or_else(|| {
            let value = ArcRwSignal::new(String::new());
            let entry = (self.form.get_value(), name.to_owned(), value.clone());
            self.fields.update_value(|fields| fields.push(entry));
            value
        });
        value.into()
    }

    /// What stands in the fields whose names begin with `prefix` and a dot, by
    /// the rest of the name.
    pub(crate) fn values(self, prefix: &str) -> BTreeMap<String, String> {
        let part = |name: &str| Some(name.strip_prefix(prefix)?.strip_prefix('.')?.to_owned());
        self.each(|name, value| Some((part(name)?, value.get_untracked())))
    }

    /// Whether anything stands in it.
    pub(crate) fn is_dirty(self) -> bool {
        let filled: Vec<()> =
            self.each(|_, value| (!value.read_untracked().is_empty()).then_some(()));
        !filled.is_empty()
    }

    /// Empties every field.
    pub(crate) fn clear(self) {
        let held: Vec<ArcRwSignal<String>> = self.each(|_, value| Some(value.clone()));
        for value in held {
            value.set(String::new());
        }
    }

    fn each<T, C: FromIterator<T>>(
        self,
        take: impl Fn(&str, &ArcRwSignal<String>) -> Option<T>,
    ) -> C {
        let form = self.form.get_value();
        self.fields.with_value(|fields| {
            let own = fields.iter().filter(|(of, ..)| *of == form);
            own.filter_map(|(_, name, value)| take(name, value))
                .collect()
        })
    }
}
