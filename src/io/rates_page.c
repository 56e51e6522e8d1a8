#include <stird/io/rates_page.h>

#include <stird/io/sections.h>

int rates_page_memory(const struct rates_shape *shape)
{
    return sections_memory("stird-rates", rates_section_bytes(shape), shape->workers);
}

bool rates_page_map(struct rates *r, int fd, const struct rates_shape *shape, uint32_t worker)
{
    struct sections s;
    const bool mapped = sections_map(&s, fd, rates_section_bytes(shape), shape->workers,
                                     worker == RATES_READ_ONLY ? SECTIONS_READ_ONLY : worker);
    *r = (struct rates){.shape = *shape, .all = s.all, .own = s.own};
    return mapped;
}

void rates_page_unmap(struct rates *r)
{
    struct sections s = {.all = (char *)(uintptr_t)r->all,
                         .bytes = r->all ? rates_section_bytes(&r->shape) * r->shape.workers : 0};
    sections_unmap(&s);
    r->own = NULL;
    r->all = NULL;
}
