"""The query language: `lexer` and `parser` read a statement, `entities` knows what can be asked, `run` answers."""
