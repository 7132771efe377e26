"""Two processes share the tests, so that they take half the time on a machine with two cores.

When all tests are collected, pytest's process forks. The second process has everything imported
already, torch above all. Each of the two takes a file of tests, runs it and takes the next, until
none is left. The second one writes its results into a file, and the first shows them with its own
in the end. Nothing else is different: the tests of a file run in one process and in their order.

There is one process alone where the system cannot fork safely (only Linux does), for the tests of
one file, on one core, and where pytest talks with its user (`--pdb`, `-s`).
"""

import contextlib
import itertools
import os
import pickle
import signal
import sys
import tempfile
import traceback

import pytest

# The files that take longest, so that none of them is left for the end, when one process has
# nothing to do but wait for it. The others come in their own order.
FIRST = ("test_distributed.py", "test_tiny.py", "test_bench.py", "test_readme.py")


def by_file(items):
    """The tests of each file, in the order in which the files are taken."""
    files = [list(tests) for _, tests in itertools.groupby(items, key=lambda item: item.path)]
    names = [tests[0].path.name for tests in files]
    order = {name: number for number, name in enumerate(FIRST)}
    return [files[i] for i in sorted(range(len(files)), key=lambda i: order.get(names[i], 99))]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    """Run the tests in two processes. None leaves them to pytest's own loop."""
    config, files = session.config, by_file(session.items)
    options = config.option
    alone = options.collectonly or options.usepdb or options.capture == "no" or session.testsfailed
    if alone or len(files) < 2 or sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        return None
    config._tmp_path_factory.getbasetemp()  # made before the fork: one directory for both
    queue, end = os.pipe()  # a byte is the number of a file; who reads it has the file
    os.write(end, bytes(range(len(files))))
    os.close(end)
    tests = taken(queue, files)
    with tempfile.TemporaryFile() as results:
        second = os.fork()
        if second == 0:
            run_quietly(session, tests, results)
            os._exit(0)
        try:
            mine = run(session, tests)
            os.waitpid(second, 0)
        except BaseException:  # its user's Ctrl-C, or a failure with `-x`
            os.kill(second, signal.SIGKILL)
            os.waitpid(second, 0)
            raise
        results.seek(0)
        theirs = show(config, results)
    os.close(queue)
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    missing = [test.nodeid for test in session.items if test.nodeid not in mine | theirs]
    if missing:
        raise session.Interrupted(f"the second process ended before it had run {missing[0]}")
    return True


def taken(queue, files):
    """The tests of file after file, each as it becomes this process's."""
    while number := os.read(queue, 1):
        yield from files[number[0]]


def run(session, tests):
    """pytest's own loop, which is told the next test too; returns the names of those that ran."""
    test, names = next(tests, None), set()
    while test is not None:
        following = next(tests, None)
        session.config.hook.pytest_runtest_protocol(item=test, nextitem=following)
        names.add(test.nodeid)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        test = following
    return names


def run_quietly(session, tests, results):
    """The second process's part: nothing on the screen, every report in the file of results."""
    plugins = session.config.pluginmanager
    plugins.unregister(name="terminalreporter")
    capture = plugins.getplugin("capturemanager")
    capture.stop_global_capturing()  # into files that are the first process's too
    capture.start_global_capturing()
    plugins.register(Writer(session.config, results))
    try:
        run(session, tests)
    except session.Failed:
        pass  # with `-x`; the reports say the same
    except BaseException:
        pickle.dump(traceback.format_exc(), results)


class Writer:
    """A plugin of pytest that writes each report into a file."""

    def __init__(self, config, file):
        self.config, self.file, self.first = config, file, os.getppid()

    def pytest_runtest_logreport(self, report):
        if os.getppid() != self.first:
            os._exit(1)  # the first process has been killed
        hook = self.config.hook.pytest_report_to_serializable
        pickle.dump((report.location, hook(config=self.config, report=report)), self.file)
        self.file.flush()


def show(config, results):
    """Hand the second process's reports to whatever counts and prints them; returns the names."""
    hook, names = config.hook, set()
    with contextlib.suppress(EOFError):
        while True:
            read = pickle.load(results)
            assert not isinstance(read, str), f"in the second process:\n{read}"
            location, data = read
            report = hook.pytest_report_from_serializable(config=config, data=data)
            if report.when == "setup":
                hook.pytest_runtest_logstart(nodeid=report.nodeid, location=location)
            hook.pytest_runtest_logreport(report=report)
            if report.when == "teardown":
                hook.pytest_runtest_logfinish(nodeid=report.nodeid, location=location)
                names.add(report.nodeid)
    return names
