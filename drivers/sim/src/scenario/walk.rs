//! One walk over the fields of a scenario reads them from TOML and prints them as TOML: what is
//! printed is what is read, and what is known is what is walked.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Bad, ScenarioError, did_you_mean};

/// A value with its place.
pub(crate) type Item<'i> = Spanned<DeValue<'i>>;

/// The file that is read.
pub(crate) struct Context<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// What is in it.
    pub(crate) text: &'a str,
}

impl Context<'_> {
    /// The line of a byte.
    pub(crate) fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or(&[]);
        memchr::memchr_iter(b'\n', before).count() + 1
    }

    /// What is wrong, at the place of `item`.
    pub(crate) fn error(&self, item: &Item<'_>, bad: Bad) -> ScenarioError {
        bad.at(self.name, self.line(item.span().start))
    }
}

/// Reads or prints fields one by one.
pub(crate) trait Walk {
    /// A field: how it is read, how it is shown (`None`: it is left out), and whether it has to be
    /// there.
    fn with<T>(
        &mut self,
        key: &'static str,
        value: &mut T,
        need: bool,
        read: impl Fn(&Context<'_>, &Item<'_>) -> Result<T, ScenarioError>,
        show: impl Fn(&mut T) -> Option<String>,
    );

    /// A field with a default.
    fn field<T: Value>(&mut self, key: &'static str, value: &mut T) {
        self.with(key, value, false, T::read, |v| Some(v.show()));
    }

    /// A field that has to be there.
    fn need<T: Value>(&mut self, key: &'static str, value: &mut T) {
        self.with(key, value, true, T::read, |v| Some(v.show()));
    }

    /// A field that may be left out.
    fn option<T: Value>(&mut self, key: &'static str, value: &mut Option<T>) {
        self.with(
            key,
            value,
            false,
            |cx, item| T::read(cx, item).map(Some),
            |v| v.as_mut().map(Value::show),
        );
    }

    /// The word that says which variant it is; its fields are still their defaults.
    fn tag<T: Tagged>(&mut self, value: &mut T) {
        self.with(T::KEY, value, true, read_tag, |v| Some(quote(v.word())));
    }

    /// Fields that are right each and wrong together.
    fn wrong(&mut self, bad: Bad);
}

/// What can stand on the right of a key.
pub(crate) trait Value: Sized {
    /// From TOML.
    fn read(cx: &Context<'_>, item: &Item<'_>) -> Result<Self, ScenarioError>;
    /// As TOML.
    fn show(&mut self) -> String;
}

/// What has fields.
pub(crate) trait Fields {
    /// Visits each.
    fn walk(&mut self, w: &mut impl Walk);
}

/// An enum whose variant is named by a key beside its fields.
pub(crate) trait Tagged: Sized {
    /// That key.
    const KEY: &'static str;
    /// What it is, in messages.
    const WHAT: &'static str;
    /// Each variant with the defaults of its fields.
    fn templates() -> Vec<Self>;
    /// What the variant is called.
    fn word(&self) -> &'static str;
    /// Visits the fields of the variant.
    fn fields(&mut self, w: &mut impl Walk);
}

/// A TOML string.
pub(crate) fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The text of a string.
pub(crate) fn text<'i>(
    cx: &Context<'_>,
    item: &'i Item<'_>,
    what: &str,
) -> Result<&'i str, ScenarioError> {
    item.get_ref().as_str().ok_or_else(|| {
        let found = item.get_ref().type_str();
        cx.error(
            item,
            Bad::new(
                format!("this is {what}, not of type {found}"),
                "write it in quotes",
            ),
        )
    })
}

/// A string or a number, as text.
pub(crate) fn scalar<'i>(
    cx: &Context<'_>,
    item: &'i Item<'_>,
    what: &str,
) -> Result<&'i str, ScenarioError> {
    match item.get_ref() {
        DeValue::Integer(n) if n.radix() == 10 => Ok(n.as_str()),
        DeValue::Float(n) => Ok(n.as_str()),
        DeValue::String(s) => Ok(s),
        DeValue::Integer(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => Err(cx.error(
            item,
            Bad::new(
                format!("this is {what}, not of type {}", item.get_ref().type_str()),
                "write a number, or a number with its unit in quotes",
            ),
        )),
    }
}

/// Reads the fields of one table.
pub(crate) struct Reader<'a, 'i> {
    cx: &'a Context<'a>,
    table: &'a DeTable<'i>,
    /// Where the table begins.
    start: usize,
    /// What it is called in messages: `[topology]`.
    title: &'a str,
    known: Vec<&'static str>,
    error: Option<ScenarioError>,
    missing: Option<&'static str>,
    /// The variant is unknown, so its keys are, too.
    lost: bool,
}

impl<'a, 'i> Reader<'a, 'i> {
    pub(crate) fn new(
        cx: &'a Context<'a>,
        table: &'a DeTable<'i>,
        start: usize,
        title: &'a str,
    ) -> Self {
        Self {
            cx,
            table,
            start,
            title,
            known: Vec::new(),
            error: None,
            missing: None,
            lost: false,
        }
    }

    /// Reads all of `value`; what is wrong with a key comes before what is missing.
    pub(crate) fn fill(mut self, value: &mut impl Fields) -> Result<(), ScenarioError> {
        value.walk(&mut self);
        self.finish()
    }

    pub(crate) fn finish(self) -> Result<(), ScenarioError> {
        if self.lost
            && let Some(error) = self.error
        {
            return Err(error);
        }
        let unknown = self
            .table
            .iter()
            .filter(|(key, _)| !self.known.contains(&key.get_ref().as_ref()))
            .min_by_key(|(key, _)| key.span().start);
        if let Some((key, _)) = unknown
            && !self.lost
        {
            let problem = format!("unknown key `{}` in {}", key.get_ref(), self.title);
            let remedy = did_you_mean(key.get_ref(), self.known.iter().copied());
            let line = self.cx.line(key.span().start);
            return Err(Bad::new(problem, remedy).at(self.cx.name, line));
        }
        if let Some(error) = self.error {
            return Err(error);
        }
        match self.missing {
            None => Ok(()),
            Some(key) => Err(Bad::new(
                format!("{} says no `{key}`", self.title),
                format!("add `{key} = ..`"),
            )
            .at(self.cx.name, self.cx.line(self.start))),
        }
    }
}

impl Walk for Reader<'_, '_> {
    fn with<T>(
        &mut self,
        key: &'static str,
        value: &mut T,
        need: bool,
        read: impl Fn(&Context<'_>, &Item<'_>) -> Result<T, ScenarioError>,
        _: impl Fn(&mut T) -> Option<String>,
    ) {
        self.known.push(key);
        match self.table.get(key) {
            Some(item) => match read(self.cx, item) {
                Ok(found) => *value = found,
                Err(error) => {
                    self.error.get_or_insert(error);
                }
            },
            None if need => {
                self.missing.get_or_insert(key);
            }
            None => {}
        }
    }

    fn tag<T: Tagged>(&mut self, value: &mut T) {
        let before = self.error.is_some();
        self.with(T::KEY, value, false, read_tag, |_| None);
        if self.table.get(T::KEY).is_none() {
            let words: Vec<_> = T::templates().iter().map(Tagged::word).collect();
            let bad = Bad::new(
                format!("{} says no `{}`", self.title, T::KEY),
                format!("it is one of {}", words.join(", ")),
            );
            let line = self.cx.line(self.start);
            self.error.get_or_insert(bad.at(self.cx.name, line));
        }
        self.lost |= !before && self.error.is_some();
    }

    fn wrong(&mut self, bad: Bad) {
        let line = self.cx.line(self.start);
        self.error.get_or_insert(bad.at(self.cx.name, line));
    }
}

/// The variant a key names.
fn read_tag<T: Tagged>(cx: &Context<'_>, item: &Item<'_>) -> Result<T, ScenarioError> {
    let word = text(cx, item, "a word")?;
    pick_template(word).map_err(|bad| cx.error(item, bad))
}

/// The variant of this name.
pub(crate) fn pick_template<T: Tagged>(word: &str) -> Result<T, Bad> {
    let templates = T::templates();
    let words: Vec<_> = templates.iter().map(Tagged::word).collect();
    templates
        .into_iter()
        .find(|t| t.word() == word)
        .ok_or_else(|| {
            Bad::new(
                format!("there is no {} `{word}`", T::WHAT),
                did_you_mean(word, words),
            )
        })
}

/// Prints fields as `key = value`.
#[derive(Default)]
pub(crate) struct Printer {
    /// In order.
    pub(crate) pairs: Vec<(&'static str, String)>,
}

impl Walk for Printer {
    fn with<T>(
        &mut self,
        key: &'static str,
        value: &mut T,
        _: bool,
        _: impl Fn(&Context<'_>, &Item<'_>) -> Result<T, ScenarioError>,
        show: impl Fn(&mut T) -> Option<String>,
    ) {
        if let Some(text) = show(value) {
            self.pairs.push((key, text));
        }
    }

    fn wrong(&mut self, _: Bad) {}
}

impl Printer {
    /// `{ a = 1, b = 2 }`.
    pub(crate) fn inline(&self) -> String {
        let pairs: Vec<_> = self
            .pairs
            .iter()
            .map(|(k, v)| format!("{k} = {v}"))
            .collect();
        format!("{{ {} }}", pairs.join(", "))
    }

    /// One pair per line.
    pub(crate) fn lines(&self) -> String {
        self.pairs
            .iter()
            .map(|(k, v)| format!("{k} = {v}\n"))
            .collect()
    }
}

/// The lines of all keys, by path: `topology.latency.file`, `churn[0].at`.
#[derive(Default)]
pub(crate) struct Lines(BTreeMap<String, usize>);

impl Lines {
    /// Of a whole file.
    pub(crate) fn of(cx: &Context<'_>, root: &DeTable<'_>) -> Self {
        let mut lines = Self::default();
        lines.table(cx, "", root);
        lines
    }

    /// The file says this.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// The line of a path, or of the nearest thing around it.
    pub(crate) fn at(&self, path: &str) -> usize {
        let mut path = path;
        loop {
            if let Some(line) = self.0.get(path) {
                return *line;
            }
            match path.rfind(['.', '[']) {
                Some(cut) => path = path.get(..cut).unwrap_or(""),
                None => return 1,
            }
        }
    }

    fn table(&mut self, cx: &Context<'_>, path: &str, table: &DeTable<'_>) {
        for (key, item) in table.iter() {
            let dot = if path.is_empty() { "" } else { "." };
            let path = format!("{path}{dot}{}", key.get_ref());
            self.0.insert(path.clone(), cx.line(key.span().start));
            self.item(cx, &path, item);
        }
    }

    fn item(&mut self, cx: &Context<'_>, path: &str, item: &Item<'_>) {
        match item.get_ref() {
            DeValue::Table(table) => self.table(cx, path, table),
            DeValue::Array(array) => {
                for (at, item) in array.iter().enumerate() {
                    let path = format!("{path}[{at}]");
                    self.0.insert(path.clone(), cx.line(item.span().start));
                    self.item(cx, &path, item);
                }
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
    }
}

/// Any variant, to be replaced by the one its key names.
pub(crate) fn first<T: Tagged>() -> Option<T> {
    T::templates().into_iter().next()
}
