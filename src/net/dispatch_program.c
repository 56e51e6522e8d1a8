/* The compiled dispatch.bpf.c, and how it gets into the kernel. */
#include <stird/dispatch.h>

#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dispatch_rule.h"

#define INSTRUCTIONS_MAX 2048

/* The object file as clang wrote it, among our own constants. */
__asm__(".pushsection .rodata\n"
        ".balign 8\n"
        "dispatch_object: .incbin \"" STIRD_DISPATCH_OBJECT "\"\n"
        ".popsection\n");
extern const unsigned char dispatch_object[];

/* It is our own file: what does not fit is a mistake of the build. */
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

static unsigned write_workers(struct bpf_insn *instructions, unsigned n, unsigned workers)
{
    unsigned places = 0;
    for (unsigned i = 0; i < n; i++) {
        if (instructions[i].code == (BPF_ALU64 | BPF_MOV | BPF_K) &&
            instructions[i].imm == DISPATCH_WORKERS_HERE) {
            instructions[i].imm = (int32_t)workers;
            places++;
        }
    }
    return places;
}

int dispatch_load(unsigned workers, char *log, unsigned log_bytes)
{
    struct bpf_insn own[INSTRUCTIONS_MAX];
    const struct bpf_insn *instructions = NULL;
    unsigned n = find_program(&instructions);
    assert(n > 0 && n <= INSTRUCTIONS_MAX);
    memcpy(own, instructions, n * sizeof(*own));
    unsigned places = write_workers(own, n, workers);
    assert(places == 1);
    (void)places;

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
    int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes));
    return fd >= 0 ? fd : -errno;
}
