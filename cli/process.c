/* Other programs, see process.h. All three streams are served from one loop, so neither side ever waits for the other
 * with its pipe full.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

enum { STREAM_COUNT = 3, READ_BYTES = 16384 };

/* Index: file descriptor of the child. ours, theirs: ends of a pipe, or -1 if the child has our stream. */
struct streams {
    int ours[STREAM_COUNT], theirs[STREAM_COUNT];
    const struct atto_buffer *input;
    size_t written;
    struct atto_buffer *into[STREAM_COUNT];
};

static void close_end(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

static void close_all(int ends[STREAM_COUNT])
{
    for (int i = 0; i < STREAM_COUNT; i++)
        close_end(&ends[i]);
}

static bool open_pipes(struct streams *streams)
{
    for (int i = 0; i < STREAM_COUNT; i++) {
        bool wanted = i == STDIN_FILENO ? streams->input != NULL : streams->into[i] != NULL;
        int ends[2];

        if (!wanted)
            continue;
        if (pipe2(ends, O_CLOEXEC) != 0)
            return false;
        streams->ours[i] = ends[i == STDIN_FILENO ? 1 : 0];
        streams->theirs[i] = ends[i == STDIN_FILENO ? 0 : 1];
    }
    if (streams->ours[STDIN_FILENO] >= 0)
        return fcntl(streams->ours[STDIN_FILENO], F_SETFL, O_NONBLOCK) == 0;
    return true;
}

static void become(const char *const *arguments, const struct streams *streams)
{
    for (int i = 0; i < STREAM_COUNT; i++) {
        if (streams->theirs[i] >= 0)
            dup2(streams->theirs[i], i);
    }
    execvp(arguments[0], (char **)(size_t)arguments);
    fprintf(stderr, "atto: cannot run %s: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

static void feed(struct streams *streams)
{
    const struct atto_buffer *input = streams->input;
    ssize_t count = 0;

    if (streams->written < input->len)
        count = write(streams->ours[STDIN_FILENO], input->bytes + streams->written, input->len - streams->written);
    if (count > 0)
        streams->written += (size_t)count;
    if ((count < 0 && errno != EAGAIN && errno != EINTR) || streams->written == input->len)
        close_end(&streams->ours[STDIN_FILENO]);
}

static void take(struct streams *streams, int stream)
{
    static char bytes[READ_BYTES];
    ssize_t count = read(streams->ours[stream], bytes, sizeof bytes);

    if (count > 0)
        atto_buffer_put(streams->into[stream], bytes, (size_t)count);
    else if (count == 0 || errno != EINTR)
        close_end(&streams->ours[stream]);
}

/* Serves the pipes until all of them are closed. */
static void serve(struct streams *streams)
{
    for (;;) {
        struct pollfd polled[STREAM_COUNT];
        bool any = false;

        for (int i = 0; i < STREAM_COUNT; i++) {
            polled[i] = (struct pollfd){streams->ours[i], i == STDIN_FILENO ? POLLOUT : POLLIN, 0};
            any = any || streams->ours[i] >= 0;
        }
        if (!any)
            return;
        if (poll(polled, STREAM_COUNT, -1) < 0)
            continue;
        for (int i = 0; i < STREAM_COUNT; i++) {
            if (polled[i].revents != 0 && i == STDIN_FILENO)
                feed(streams);
            else if (polled[i].revents != 0)
                take(streams, i);
        }
    }
}

static int wait_for(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) != child) {
        if (errno != EINTR)
            return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void note_interrupt(int signal)
{
    (void)signal;
}

int atto_process_run(const char *const *arguments, const struct atto_buffer *input, struct atto_buffer *output,
                     struct atto_buffer *errors)
{
    struct streams streams = {{-1, -1, -1}, {-1, -1, -1}, input, 0, {NULL, output, errors}};
    struct sigaction once = {.sa_handler = note_interrupt, .sa_flags = (int)SA_RESETHAND};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, broken_pipe;
    pid_t child = -1;
    int status = -1;

    fflush(stdout);
    if (open_pipes(&streams))
        child = fork();
    if (child == 0)
        become(arguments, &streams);
    close_all(streams.theirs);
    if (child < 0) {
        atto_report("cannot run %s: %s", arguments[0], strerror(errno));
    } else {
        sigaction(SIGINT, &once, &interrupt);
        sigaction(SIGPIPE, &ignore, &broken_pipe); /* a child that does not read all of its input */
        serve(&streams);
        status = wait_for(child);
        sigaction(SIGINT, &interrupt, NULL);
        sigaction(SIGPIPE, &broken_pipe, NULL);
    }
    close_all(streams.ours);
    return status;
}
