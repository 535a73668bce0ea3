/**
 * Who should look, and when: hints between the parts of one process, and between processes.
 *
 * <p>A hint says "look", never what there is to see; losing one costs a poll interval, never a task. Inside the process a
 * hint is a method call, to other processes it is a coalesced NOTIFY that is sent apart from any transaction of the engine but that of a
 * start: when there were few hints of late, it tells others in its own.
 */
@NullMarked
@MayUse({})
package io.pgflow.internal.signal;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
