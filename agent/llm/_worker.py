"""One thread per loaded model: it alone touches llama.cpp, everybody else puts jobs in its queue."""

from __future__ import annotations

import atexit
import os
import queue
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from chatrec.agent.llm._cancel import CancelFlag, Cancelled
from chatrec.agent.llm._errors import queue_full
from chatrec.errors import ModelError

if TYPE_CHECKING:
    from chatrec.agent.llm._engine import Engine
    from chatrec.agent.llm._settings import EngineSettings
    from chatrec.agent.llm._steps import Steps


# Seconds to wait for a thread at the interpreter's end; only reading a large file cannot be interrupted.
_PATIENCE = 30.0
# Seconds that the latest model stays when nobody holds it: LangChain makes a new chat model for a call whose
# configuration differs, and drops it behind the call.
_LINGER = 30.0


@dataclass(eq=False)
class Job:
    """Work for the engine.

    Attributes:
        work: Is called with the engine on the worker's thread; may return steps, which are then computed beside those
            of other jobs.
        done: Is called once on the worker's thread, with None or the exception; must not raise.
        cancel: Set by the caller to end the work early; a job that still waits is then skipped.
        max_waiting: Refuse it if more answers than this wait; None for work that is done at once.
    """

    work: Callable[[Engine], Steps[None] | None]
    done: Callable[[BaseException | None], None]
    cancel: CancelFlag
    max_waiting: int | None = None


@dataclass
class _State:
    parallel: int = 1
    jobs: queue.SimpleQueue[Job | None] = field(default_factory=queue.SimpleQueue[Job | None])
    live: dict[Job, None] = field(default_factory=dict[Job, None])
    halt: CancelFlag = field(default_factory=CancelFlag)
    engine: Engine | None = None
    stopping: bool = False
    # Of who submits and who stops: a job that came between the thread's last look and its end would wait for ever.
    lock: threading.RLock = field(default_factory=threading.RLock)

    def end(self, job: Job, error: BaseException | None) -> None:
        self.live.pop(job, None)
        job.done(_closed() if self.stopping and isinstance(error, Cancelled) else error)


_running: dict[threading.Thread, _State] = {}


class Worker:
    """A model's thread and its queue, first come first served.

    The thread ends and the weights are freed when the last reference to the worker is gone.

    Args:
        load: Makes the engine; called on the thread when the first job arrives, again after a failure.
        parallel: How many answers are computed side by side.
    """

    def __init__(self, load: Callable[[], Engine], parallel: int = 1) -> None:
        self._state = _State(parallel)
        self._process = os.getpid()
        # The thread must not hold the worker itself, or it would never be collected.
        self._thread = threading.Thread(target=_serve, args=(self._state, load), name="chatrec-llm", daemon=True)
        _running[self._thread] = self._state
        self._thread.start()
        self._finalizer = weakref.finalize(self, _stop, self._state)
        self._finalizer.atexit = False

    def __deepcopy__(self, _memo: object) -> Worker:
        return self  # copies of a chat model share their weights

    @property
    def lives(self) -> bool:
        """Whether the thread is there: not after a fork, nor after `stop`."""
        return self._process == os.getpid() and not self._state.stopping

    def submit(self, job: Job) -> None:
        """Queue a job; its `done` gets the error if that cannot be."""
        state = self._state
        error: ModelError | None = None
        if not self.lives:
            error = _closed()
        else:
            with state.lock:
                waiting = sum(not other.cancel.is_set() for other in list(state.live)) - state.parallel
                if state.stopping:
                    error = _closed()
                elif job.max_waiting is not None and waiting >= job.max_waiting:
                    error = queue_full(waiting, job.max_waiting)
                else:
                    if job.max_waiting is not None:
                        state.live[job] = None
                    state.jobs.put(job)
        if error is not None:
            job.done(error)

    def call(self, function: Callable[[Engine], Any], cancel: CancelFlag | None = None) -> Any:
        """Run a function with the engine and wait for its result.

        Raises:
            ModelError: If the model cannot be loaded; and whatever `function` raises.
        """
        results: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        value: list[Any] = []
        flag = cancel or CancelFlag()

        def work(engine: Engine) -> None:
            value.append(function(engine))

        self.submit(Job(work, lambda error: results.put((value, error)), flag))
        try:
            _, error = wait_for(results)
        except BaseException:
            flag.set()
            raise
        if error is not None:
            raise error
        return value[0]

    @property
    def engine(self) -> Engine | None:
        """The engine if it is loaded; only its counters may be read from another thread."""
        return self._state.engine

    def stop(self, timeout: float | None = 10) -> None:
        """Cancel everything, free the weights and wait for the thread's end."""
        self._finalizer()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)


def wait_for(results: queue.SimpleQueue[Any]) -> Any:
    """The next result; wakes now and then, so that Ctrl-C works on every platform."""
    while True:
        try:
            return results.get(timeout=1.0)
        except queue.Empty:
            continue


def _closed() -> ModelError:
    return ModelError("the model was closed", hint="make a new ChatLlamaCpp, or call it before close()")


def _stop(state: _State) -> None:
    with state.lock:
        state.stopping = True
    state.halt.set()
    for job in list(state.live):
        job.cancel.set()
    state.jobs.put(None)


def _serve(state: _State, load: Callable[[], Engine]) -> None:
    while not state.stopping:
        scheduler = state.engine.scheduler if state.engine is not None else None
        try:
            job = state.jobs.get(block=scheduler is None or scheduler.idle, timeout=_linger(state))
        except queue.Empty:
            if scheduler is None or scheduler.idle:
                let_go(state)
            else:
                _tick(state)
            continue
        if job is not None:
            _start(state, job, load)
        job = None  # who waits for the next job must not keep this one's caller alive
    if state.engine is not None:
        state.engine.scheduler.stop(_closed())
        state.engine.free()
        state.engine = None
    while not state.jobs.empty():
        if (late := state.jobs.get()) is not None:
            state.end(late, _closed())
    _running.pop(threading.current_thread(), None)


def _start(state: _State, job: Job, load: Callable[[], Engine]) -> None:
    from chatrec.agent.llm._task import Task

    try:
        job.cancel.check()
        if state.engine is None:
            state.engine = load()
            state.engine.scheduler.halt = state.halt
        steps = job.work(state.engine)
    except BaseException as error:
        state.end(job, error)
        return
    if steps is None:
        state.end(job, None)
    else:
        state.engine.scheduler.add(Task(steps, job.cancel, lambda error: state.end(job, error)))


def _tick(state: _State) -> None:
    assert state.engine is not None
    try:
        state.engine.scheduler.tick()
    except BaseException as error:
        # A defect: nobody may wait for ever because of it.
        state.engine.scheduler.stop(error)
        state.engine.reset()


_workers: weakref.WeakValueDictionary[EngineSettings, Worker] = weakref.WeakValueDictionary()
_latest: Worker | None = None
_lock = threading.Lock()


def worker_for(settings: EngineSettings) -> Worker:
    """The worker of these settings, shared by everyone who asks with equal ones."""
    global _latest  # noqa: PLW0603
    with _lock:
        worker = _workers.get(settings)
        if worker is None or not worker.lives:
            _latest = None  # two models need more memory than one
            worker = Worker(lambda: _load(settings), settings.parallel)
            _workers[settings] = worker
        _latest = worker
        return worker


def parting(worker: Worker) -> Callable[[], None]:
    """What to call when the worker has been dropped: waits until its weights are freed, unless others use it."""
    thread, held = worker._thread, weakref.ref(worker)
    let_go(worker)

    def wait() -> None:
        if held() is None and thread is not threading.current_thread():
            thread.join(_PATIENCE)

    return wait


def let_go(held: Worker | _State) -> None:
    """Free the weights as soon as nobody holds them, rather than some time later."""
    global _latest  # noqa: PLW0603
    latest = _latest
    if latest is not None and (held is latest or held is latest._state):
        _latest = None


def _linger(state: _State) -> float | None:
    latest = _latest
    return _LINGER if latest is not None and latest._state is state else None


def _load(settings: EngineSettings) -> Engine:
    from chatrec.agent.llm._engine import Engine

    import_module("chatrec.agent.llm._generate")  # the first answer finds it read
    return Engine(settings)


def _forget() -> None:
    # A forked child has the parent's weights but not its threads.
    global _lock, _latest  # noqa: PLW0603
    _lock = threading.Lock()
    if _latest is not None:
        _latest._finalizer.detach()  # who held its locks is not in this process
    _latest = None
    _workers.clear()
    _running.clear()


def _stop_all() -> None:
    # A thread inside llama.cpp while the interpreter is torn down ends in a crash; also one whose worker is collected.
    for state in list(_running.values()):
        _stop(state)
    for thread in list(_running):
        thread.join(_PATIENCE)


atexit.register(_stop_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
