//! The files: a bounded tree in memory, addressed by normalised absolute paths.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// An absolute path without `.`, `..` and empty components: it cannot leave the tree.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Path(String);

impl Path {
    pub(super) fn root() -> Self {
        Self("/".to_owned())
    }

    /// What `text` names, seen from this directory. `..` leads from the root to the root.
    pub(super) fn join(&self, text: &str) -> Self {
        let start = if text.starts_with('/') { "" } else { &self.0 };
        let mut components = Vec::new();
        for component in start.split('/').chain(text.split('/')) {
            match component {
                "" | "." => {}
                ".." => drop(components.pop()),
                name => components.push(name),
            }
        }
        Self(format!("/{}", components.join("/")))
    }

    pub(super) fn parent(&self) -> Self {
        self.join("..")
    }

    /// The last component; empty for the root.
    pub(super) fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// What the paths below this one begin with.
    fn prefix(&self) -> String {
        if self.0 == "/" { self.0.clone() } else { format!("{}/", self.0) }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why the tree refuses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refusal {
    Missing,
    Exists,
    IsDirectory,
    NotDirectory,
    NotEmpty,
    NotPermitted,
    Full,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "no such file or directory",
            Self::Exists => "already exists",
            Self::IsDirectory => "is a directory",
            Self::NotDirectory => "not a directory",
            Self::NotEmpty => "directory not empty",
            Self::NotPermitted => "operation not permitted",
            Self::Full => "storage is full",
        })
    }
}

impl std::error::Error for Refusal {}

#[derive(Debug)]
enum Node {
    Directory,
    File(File),
}

/// A file's octets, shared with the transfers that read them: those keep what they started with.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) octets: Arc<Vec<u8>>,
    pub(super) modified: SystemTime,
}

/// The tree. The root is always there and is no entry.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: BTreeMap<Path, Node>,
    /// Octets in use, and how many may be.
    used: usize,
    limit: usize,
}

impl Tree {
    /// What an entry costs beside its octets.
    const OVERHEAD: usize = 256;

    pub(super) fn new(limit: usize) -> Self {
        Self { nodes: BTreeMap::new(), used: 0, limit }
    }

    pub(super) fn is_directory(&self, path: &Path) -> bool {
        *path == Path::root() || matches!(self.nodes.get(path), Some(Node::Directory))
    }

    pub(super) fn exists(&self, path: &Path) -> bool {
        self.is_directory(path) || self.nodes.contains_key(path)
    }

    pub(super) fn read(&self, path: &Path) -> Result<Arc<Vec<u8>>, Refusal> {
        match self.nodes.get(path) {
            Some(Node::File(file)) => Ok(Arc::clone(&file.octets)),
            _ if self.is_directory(path) => Err(Refusal::IsDirectory),
            _ => Err(Refusal::Missing),
        }
    }

    /// The files' paths, in order.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.nodes.iter().filter(|(_, node)| matches!(node, Node::File(_))).map(|(path, _)| path)
    }

    /// A directory's entries in order, `None` for directories among them; of a file, itself.
    pub(super) fn list<'a>(&'a self, path: &Path) -> Result<Vec<(&'a str, Option<&'a File>)>, Refusal> {
        if let Some((path, Node::File(file))) = self.nodes.get_key_value(path) {
            return Ok(vec![(path.name(), Some(file))]);
        }
        if !self.is_directory(path) {
            return Err(Refusal::Missing);
        }
        let children = self.below(path).filter(|(child, _)| child.parent() == *path);
        let entry = |(child, node): (&'a Path, &'a Node)| match node {
            Node::File(file) => (child.name(), Some(file)),
            Node::Directory => (child.name(), None),
        };
        Ok(children.map(entry).collect())
    }

    fn below(&self, path: &Path) -> impl Iterator<Item = (&Path, &Node)> {
        let prefix = path.prefix();
        let from = Path(prefix.clone());
        self.nodes.range(from..).take_while(move |(path, _)| path.0.starts_with(&prefix))
    }

    /// Makes sure that there is a file to write to.
    pub(super) fn create(&mut self, path: &Path) -> Result<(), Refusal> {
        match self.nodes.get(path) {
            Some(Node::File(_)) => Ok(()),
            _ if self.is_directory(path) => Err(Refusal::IsDirectory),
            _ => self.insert(path, Node::File(File { octets: Arc::default(), modified: SystemTime::now() })),
        }
    }

    pub(super) fn make_directory(&mut self, path: &Path) -> Result<(), Refusal> {
        if self.exists(path) {
            return Err(Refusal::Exists);
        }
        self.insert(path, Node::Directory)
    }

    /// Makes the directories that lead to a path.
    pub(super) fn make_way(&mut self, path: &Path) -> Result<(), Refusal> {
        let parent = path.parent();
        if self.is_directory(&parent) {
            return Ok(());
        }
        self.make_way(&parent)?;
        self.make_directory(&parent)
    }

    fn insert(&mut self, path: &Path, node: Node) -> Result<(), Refusal> {
        let parent = path.parent();
        if !self.is_directory(&parent) {
            return Err(if self.exists(&parent) { Refusal::NotDirectory } else { Refusal::Missing });
        }
        self.charge(path.0.len() + Self::OVERHEAD)?;
        self.nodes.insert(path.clone(), node);
        Ok(())
    }

    fn charge(&mut self, octets: usize) -> Result<(), Refusal> {
        let used = self.used.saturating_add(octets);
        if used > self.limit {
            return Err(Refusal::Full);
        }
        self.used = used;
        Ok(())
    }

    /// Sets a file's whole content.
    pub(super) fn replace(&mut self, path: &Path, octets: &[u8]) -> Result<(), Refusal> {
        self.create(path)?;
        self.truncate(path)?;
        self.write(path, 0, octets)
    }

    pub(super) fn truncate(&mut self, path: &Path) -> Result<(), Refusal> {
        let Some(Node::File(file)) = self.nodes.get_mut(path) else { return Err(Refusal::Missing) };
        self.used -= file.octets.len();
        *file = File { octets: Arc::default(), modified: SystemTime::now() };
        Ok(())
    }

    /// Writes over and beyond what a file has from `at` on, which is at most its length.
    pub(super) fn write(&mut self, path: &Path, at: usize, octets: &[u8]) -> Result<(), Refusal> {
        let length = self.read(path)?.len();
        if at > length {
            return Err(Refusal::NotPermitted);
        }
        self.charge((at + octets.len()).saturating_sub(length))?;
        if let Some(Node::File(file)) = self.nodes.get_mut(path) {
            let stored = Arc::make_mut(&mut file.octets);
            let (over, beyond) = octets.split_at(octets.len().min(length - at));
            stored[at..at + over.len()].copy_from_slice(over);
            stored.extend_from_slice(beyond);
            file.modified = SystemTime::now();
        }
        Ok(())
    }

    pub(super) fn remove_file(&mut self, path: &Path) -> Result<(), Refusal> {
        let octets = self.read(path)?;
        self.remove(path, octets.len());
        Ok(())
    }

    pub(super) fn remove_directory(&mut self, path: &Path) -> Result<(), Refusal> {
        if *path == Path::root() {
            return Err(Refusal::NotPermitted);
        }
        if !self.is_directory(path) {
            return Err(if self.exists(path) { Refusal::NotDirectory } else { Refusal::Missing });
        }
        if self.below(path).next().is_some() {
            return Err(Refusal::NotEmpty);
        }
        self.remove(path, 0);
        Ok(())
    }

    fn remove(&mut self, path: &Path, octets: usize) {
        self.nodes.remove(path);
        self.used -= octets + path.0.len() + Self::OVERHEAD;
    }

    /// Moves a file, over another one if need be, or a directory with all that is in it.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> Result<(), Refusal> {
        let directory = self.is_directory(from);
        if *from == Path::root() || to.prefix().starts_with(&from.prefix()) {
            return Err(Refusal::NotPermitted);
        }
        if !self.exists(from) {
            return Err(Refusal::Missing);
        }
        if self.is_directory(to) || (directory && self.exists(to)) {
            return Err(Refusal::Exists);
        }
        if !self.is_directory(&to.parent()) {
            return Err(Refusal::Missing);
        }
        let moved: Vec<Path> = self.below(from).map(|(path, _)| path).chain([from]).cloned().collect();
        let target = |path: &Path| Path(format!("{to}{}", &path.0[from.0.len()..]));
        self.charge(moved.len() * to.0.len().saturating_sub(from.0.len()))?;
        self.used -= moved.len() * from.0.len().saturating_sub(to.0.len());
        if let Ok(replaced) = self.read(to) {
            self.remove(to, replaced.len());
        }
        for path in moved {
            if let Some(node) = self.nodes.remove(&path) {
                self.nodes.insert(target(&path), node);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        Path::root().join(text)
    }

    #[test]
    fn paths_are_normalised_and_stay_inside() {
        for (from, text, expected) in [
            ("/", "a", "/a"),
            ("/a/b", "c", "/a/b/c"),
            ("/a/b", "/c", "/c"),
            ("/a/b", "..", "/a"),
            ("/a/b", "../../../../etc/./x/", "/etc/x"),
            ("/a", "", "/a"),
            ("/a", "/", "/"),
            ("/", "..", "/"),
            ("/", "//a///b", "/a/b"),
        ] {
            assert_eq!(path(from).join(text).to_string(), expected, "{from} {text}");
        }
    }

    #[test]
    fn writing_keeps_what_lies_behind() {
        let mut tree = Tree::new(1 << 20);
        tree.replace(&path("a"), b"0123456789").unwrap();
        tree.write(&path("a"), 4, b"XY").unwrap();
        assert_eq!(**tree.read(&path("a")).unwrap(), *b"0123XY6789");
        tree.write(&path("a"), 9, b"abc").unwrap();
        assert_eq!(**tree.read(&path("a")).unwrap(), *b"0123XY678abc");
        assert_eq!(tree.write(&path("a"), 13, b""), Err(Refusal::NotPermitted));
    }

    #[test]
    fn every_octet_is_given_back() {
        let mut tree = Tree::new(10_000);
        tree.make_way(&path("a/b/f")).unwrap();
        tree.replace(&path("a/b/f"), &[0; 100]).unwrap();
        tree.write(&path("a/b/f"), 50, &[1; 100]).unwrap();
        tree.replace(&path("g"), &[0; 100]).unwrap();
        tree.rename(&path("a"), &path("longer name")).unwrap();
        tree.rename(&path("longer name"), &path("c")).unwrap();
        assert_eq!(tree.files().map(Path::name).collect::<Vec<_>>(), ["f", "g"]);
        tree.rename(&path("c/b/f"), &path("g")).unwrap();
        assert_eq!(tree.read(&path("g")).unwrap().len(), 150);
        assert_eq!(tree.write(&path("g"), 150, &[0; 10_000]), Err(Refusal::Full));
        tree.remove_file(&path("g")).unwrap();
        assert_eq!(tree.remove_directory(&path("c")), Err(Refusal::NotEmpty));
        tree.remove_directory(&path("c/b")).unwrap();
        tree.remove_directory(&path("c")).unwrap();
        assert_eq!(tree.used, 0);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut tree = Tree::new(1 << 20);
        tree.make_directory(&path("d")).unwrap();
        tree.create(&path("f")).unwrap();
        assert_eq!(tree.make_directory(&path("d")), Err(Refusal::Exists));
        assert_eq!(tree.make_directory(&path("x/y")), Err(Refusal::Missing));
        assert_eq!(tree.create(&path("f/g")), Err(Refusal::NotDirectory));
        assert_eq!(tree.create(&path("d")), Err(Refusal::IsDirectory));
        assert_eq!(tree.rename(&path("d"), &path("d/e")), Err(Refusal::NotPermitted));
        assert_eq!(tree.rename(&path("f"), &path("d")), Err(Refusal::Exists));
        assert_eq!(tree.rename(&path("x"), &path("y")), Err(Refusal::Missing));
        assert_eq!(tree.remove_directory(&Path::root()), Err(Refusal::NotPermitted));
        assert_eq!(tree.remove_directory(&path("f")), Err(Refusal::NotDirectory));
        assert_eq!(tree.remove_file(&path("d")), Err(Refusal::IsDirectory));
    }

    #[test]
    fn a_listing_has_the_children_only() {
        let mut tree = Tree::new(1 << 20);
        for file in ["a/x", "a/sub/y", "ab", "a.txt"] {
            tree.make_way(&path(file)).unwrap();
            tree.create(&path(file)).unwrap();
        }
        let names =
            |at: &str| tree.list(&path(at)).unwrap().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names("/"), ["a", "a.txt", "ab"]);
        assert_eq!(names("a"), ["sub", "x"]);
        assert_eq!(names("ab"), ["ab"]);
        assert!(tree.list(&path("nope")).is_err());
    }
}
