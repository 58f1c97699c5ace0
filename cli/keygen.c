/* `atto keygen`: a new key, private and public.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arguments.h"
#include "commands.h"
#include "keyfile.h"
#include "report.h"

static const char usage[] =
    "usage: atto keygen [options] -o FILE\n"
    "\n"
    "Makes a key: the private one in FILE, which nobody else may read, and the public one in FILE.pub, both as PEM.\n"
    "Commands that take a key take it in any of these forms.\n"
    "\n"
    "  -o, --output FILE   where to; a file that is there already is left alone\n"
    "      --es256         a key for ES256 (ECDSA on P-256); without it for EdDSA (Ed25519)\n"
    "      --cose          the public key in FILE.cose as well, as a COSE_Key\n"
    "      --private-cose  the private key as a COSE_Key, not as PEM\n"
    "  -h, --help          print this\n"
    "\n"
    "Exit status: 0 done, 1 refused or failed, 2 wrong usage.\n";

static bool is_new(const char *path)
{
    if (access(path, F_OK) != 0)
        return true;
    atto_report_at(path, 0, "is there already");
    return false;
}

/* Writes what `pem` holds, and frees it. */
static bool write_file(bool fine, struct atto_buffer *content, const char *path)
{
    fine = fine && atto_buffer_write(content, path);
    atto_buffer_free(content);
    return fine;
}

static bool write_all(const struct atto_keyfile *keyfile, const char *path, bool private_cose,
                      const char *public_path, const char *cose_path)
{
    struct atto_buffer secret = {0}, pem = {0}, cose = {0};
    const mode_t mask = umask(077);
    bool fine = private_cose ? atto_keyfile_private_cose(keyfile, &secret) : atto_keyfile_private_pem(keyfile, &secret);

    fine = write_file(fine, &secret, path);

    umask(mask);
    fine = fine && write_file(atto_keyfile_public_pem(keyfile, &pem), &pem, public_path);
    if (fine && cose_path != NULL) {
        atto_keyfile_cose(keyfile, &cose);
        fine = write_file(true, &cose, cose_path);
    }
    return fine;
}

int atto_command_keygen(int argc, char **argv)
{
    bool es256 = false, cose = false, private_cose = false, fine;
    const char *path = NULL;
    const struct atto_option options[] = {
        {"output", 'o', .text = &path},
        {"es256", .flag = &es256},
        {"cose", .flag = &cose},
        {"private-cose", .flag = &private_cose},
        {0},
    };
    struct atto_keyfile keyfile;
    char *public_path, *cose_path;
    size_t count;
    int status;

    if (!atto_options_read(argc, argv, usage, options, &status))
        return status;
    atto_files(argc, argv, &count);
    if (path == NULL || count != 0) {
        atto_report(path == NULL ? "where to? -o FILE is missing" : "there is nothing to read for a new key");
        return atto_wrong_usage(argv[0]);
    }
    public_path = atto_format("%s.pub", path);
    cose_path = cose ? atto_format("%s.cose", path) : NULL;
    fine = is_new(path) && is_new(public_path) && (cose_path == NULL || is_new(cose_path)) &&
           atto_keyfile_make(&keyfile, es256 ? ATTO_ES256 : ATTO_EDDSA);
    if (fine) {
        fine = write_all(&keyfile, path, private_cose, public_path, cose_path);
        atto_keyfile_free(&keyfile);
    }
    free(public_path);
    free(cose_path);
    return fine ? ATTO_EXIT_FINE : ATTO_EXIT_REFUSED;
}
