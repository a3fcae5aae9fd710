/* irq_to_desc() is not for modules; this way to the same descriptor is. */
#include <linux/irq.h>
#include <linux/irqdesc.h>
#define irq_to_desc(irq) irq_data_to_desc(irq_get_irq_data(irq))
