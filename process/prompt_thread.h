#ifndef WAYPOST_PROCESS_PROMPT_THREAD_H_
#define WAYPOST_PROCESS_PROMPT_THREAD_H_

namespace waypost::process {

// Asks that the calling thread, which works for moments and waits most of the
// time, need not wait for another thread's time slice to end when there is
// something to do. Linux gives threads that ask for short slices a turn before
// those with long ones; they get no more time for it (EEVDF, since 6.12; from
// sched_setattr(2) and Documentation/scheduler/sched-eevdf.rst). Whether the
// system took it: others, and older kernels, do not.
bool make_thread_prompt();

}  // namespace waypost::process

#endif  // WAYPOST_PROCESS_PROMPT_THREAD_H_
