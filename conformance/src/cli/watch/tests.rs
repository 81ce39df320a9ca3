use std::path::Path;

use super::is_source;

#[test]
fn what_a_build_or_an_editor_leaves_behind_is_no_save() {
    let folder = Path::new("/home/me/target/port");
    for (path, source) in [
        ("port.py", true),
        ("tom/session.py", true),
        ("tom/__pycache__/session.cpython-312.pyc", false),
        ("target/debug/port", false),
        (".git/index", false),
        (".port.py.swp", false),
        ("port.py~", false),
    ] {
        assert_eq!(is_source(folder, &folder.join(path)), source, "{path}");
    }
}
