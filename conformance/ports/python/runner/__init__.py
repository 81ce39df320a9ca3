"""The port: what stands between the conformance runner and the implementation (chapter "Conformance")."""
