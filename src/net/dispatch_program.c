/* The compiled dispatch.bpf.c, and how it gets into the kernel. */
#include <stird/net/dispatch.h>

#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dispatch_rule.h"

#define INSTRUCTIONS_MAX 2048
#define TRIES            100

/* The object file as clang wrote it, among our own constants. */
__asm__(".pushsection .rodata\n"
        ".balign 8\n"
        "dispatch_object: .incbin \"" STIRD_DISPATCH_OBJECT "\"\n"
        ".popsection\n");
extern const unsigned char dispatch_object[];

/* It is our own file: if something does not fit, the build is wrong. */
static unsigned find_program(const struct bpf_insn **instructions)
{
    const Elf64_Ehdr *file = (const void *)dispatch_object;
    const Elf64_Shdr *sections = (const void *)(dispatch_object + file->e_shoff);
    const char *names = (const char *)dispatch_object + sections[file->e_shstrndx].sh_offset;
    assert(memcmp(file->e_ident, ELFMAG, SELFMAG) == 0 && file->e_machine == EM_BPF);
    for (unsigned i = 0; i < file->e_shnum; i++) {
        assert(sections[i].sh_type != SHT_REL && sections[i].sh_type != SHT_RELA);
        if (strcmp(names + sections[i].sh_name, "program") != 0)
            continue;
        *instructions = (const void *)(dispatch_object + sections[i].sh_offset);
        return (unsigned)(sections[i].sh_size / sizeof(struct bpf_insn));
    }
    return 0;
}

#define NUMBERS 4

/* Writes each number into the one place where its HERE stands. */
static void write_numbers(struct bpf_insn *instructions, unsigned n, unsigned workers,
                          const struct dispatch_key *key)
{
    const struct {
        int32_t here;
        uint32_t number;
    } numbers[NUMBERS] = {{DISPATCH_WORKERS_HERE, workers},
                          {DISPATCH_PLACE_HERE, key->place},
                          {DISPATCH_MULTIPLE_HERE, key->multiple},
                          {DISPATCH_OFFSET_HERE, key->offset}};
    unsigned places[NUMBERS] = {0};
    for (unsigned i = 0; i < n; i++) {
        if (instructions[i].code != (BPF_ALU64 | BPF_MOV | BPF_K))
            continue;
        unsigned at = 0;
        while (at < NUMBERS && instructions[i].imm != numbers[at].here)
            at++;
        if (at == NUMBERS)
            continue;
        instructions[i].imm = (int32_t)numbers[at].number;
        places[at]++;
    }
    for (unsigned at = 0; at < NUMBERS; at++)
        assert(places[at] == 1);
}

/* The kernel stops verifying the program when a signal comes, even one that only stops the process
   for a while. */
static int load(union bpf_attr *attributes)
{
    int fd = -1;
    for (unsigned tries = 0; tries < TRIES; tries++) {
        fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, attributes, sizeof(*attributes));
        if (fd >= 0 || errno != EAGAIN)
            break;
    }
    return fd;
}

int dispatch_load(unsigned workers, const struct dispatch_key *key, char *log, unsigned log_bytes)
{
    struct bpf_insn own[INSTRUCTIONS_MAX];
    const struct bpf_insn *instructions = NULL;
    unsigned n = find_program(&instructions);
    assert(n > 0 && n <= INSTRUCTIONS_MAX);
    memcpy(own, instructions, n * sizeof(*own));
    write_numbers(own, n, workers, key);

    union bpf_attr attributes;
    memset(&attributes, 0, sizeof(attributes));
    attributes.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
    attributes.insns = (uint64_t)(uintptr_t)own;
    attributes.insn_cnt = n;
    attributes.license = (uint64_t)(uintptr_t) "";
    attributes.log_buf = (uint64_t)(uintptr_t)log;
    attributes.log_size = log ? log_bytes : 0;
    attributes.log_level = log ? 4 : 0; /* 4: how much work it was */
    memcpy(attributes.prog_name, "stird_dispatch", sizeof("stird_dispatch"));
    int fd = load(&attributes);
    return fd >= 0 ? fd : -errno;
}
