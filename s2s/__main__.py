"""The command line, ``lookback COMMAND`` or ``python -m s2s COMMAND``: serve, trace and the others of ``commands/``.

Exit status 0, 2 for a user's mistake (one line on stderr says which), 130 after Ctrl-C, 143 after
SIGTERM. Each module of ``commands/`` has a function ``add_…_command`` that declares the options and
the function to run.
"""

from __future__ import annotations

import argparse
import io
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from s2s import __version__
from s2s.commands.arguments import MISTAKE, Parser, one_line
from s2s.errors import UserError, program, reason

try:
    from s2s.commands import (
        align_corpus,
        attention,
        backup,
        doctor,
        evaluate,
        evidence,
        export,
        exposure,
        import_model,
        inspect,
        labels,
        neighbours,
        prepare,
        report,
        serve,
        site,
        submit,
        trace,
        train,
    )
except ModuleNotFoundError as missing:  # of another library: the interpreter is not that of the environment
    name = missing.name or ""
    if name.partition(".")[0] in ("", "s2s"):
        raise
    print(f"{program()}: {UserError('library_missing', name=name)}", file=sys.stderr)
    sys.exit(MISTAKE)
from s2s.openmp import sleep_while_waiting
from s2s.text.safe import has_surrogate

INTERRUPTED = 130  # exit status after Ctrl-C
COMMANDS = (  # in the order of --help
    serve.add_serve_command,
    trace.add_trace_command,
    export.add_export_command,
    attention.add_attention_command,
    site.add_site_command,
    train.add_train_command,
    import_model.add_import_command,
    evaluate.add_evaluate_command,
    exposure.add_exposure_command,
    evidence.add_evidence_command,
    align_corpus.add_align_corpus_command,
    doctor.add_doctor_command,
    inspect.add_inspect_command,
    labels.add_labels_command,
    report.add_report_command,
    neighbours.add_neighbours_command,
    prepare.add_prepare_command,
    submit.add_submit_command,
    backup.add_backup_command,
    backup.add_restore_command,
)


def parser() -> Parser:
    """All commands and options."""
    top = Parser(prog=program(), description="Watch an attention seq2seq model look back at its source, word by word.")
    top.add_argument("--version", action="version", version=f"Lookback {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for add_command in COMMANDS:
        add_command(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    sleep_while_waiting()  # commands import torch
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        if any(map(has_surrogate, arguments)):
            raise UserError("argument_not_utf8")
        try:
            options = parser().parse_args(arguments)
        finally:
            sys.stdout.flush()  # after --help
        run: Callable[[argparse.Namespace, str], int] = options.run
        status = run(options, f"{program()} {shlex.join(arguments)}")
        sys.stdout.flush()
        return status
    except UserError as error:
        status, message = MISTAKE, str(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit does not fail again
        return 0
    except OSError as error:
        status, message = MISTAKE, str(UserError("path_failed", file=error.filename or "system", reason=reason(error)))
    except KeyboardInterrupt:
        status, message = INTERRUPTED, "stopped."
    print(f"{program()}: {one_line(message)}", file=sys.stderr)  # last, when progress bars are gone
    return status


def run() -> NoReturn:
    """Run one command and end the process with its exit status."""
    code = main()
    if "WORLD_SIZE" in os.environ:
        from s2s.train.distributed import finish

        finish(code)
    sys.exit(code)


if __name__ == "__main__":
    run()
