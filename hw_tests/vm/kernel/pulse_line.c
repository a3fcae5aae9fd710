// SPDX-License-Identifier: GPL-2.0-only
/*
 * pulse_line - says that the pulse of a receiver is on GPIO 18, as "dtoverlay=pps-gpio,gpiopin=18" does on a
 * Raspberry Pi. A PC has no device tree to say it in.
 *
 * The echo on GPIO 19 is there because the search for one would find the nameless line 18 again.
 */
#include <linux/err.h>
#include <linux/gpio/machine.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/property.h>

#define CHIP "pinctrl-bcm2711"

static struct gpiod_lookup_table wiring = {
	.dev_id = "pps-gpio",
	.table = {
		GPIO_LOOKUP(CHIP, 19, "echo", GPIO_ACTIVE_HIGH),
		GPIO_LOOKUP(CHIP, 18, NULL, GPIO_ACTIVE_HIGH),
		{ }
	},
};

static const struct property_entry properties[] = {
	PROPERTY_ENTRY_U32("echo-active-ms", 10),
	{ }
};

static const struct platform_device_info receiver = {
	.name = "pps-gpio",
	.id = PLATFORM_DEVID_NONE,
	.properties = properties,
};

static struct platform_device *pulse;

static int __init pulse_line_init(void)
{
	gpiod_add_lookup_table(&wiring);
	pulse = platform_device_register_full(&receiver);
	if (IS_ERR(pulse))
		gpiod_remove_lookup_table(&wiring);
	return PTR_ERR_OR_ZERO(pulse);
}

static void __exit pulse_line_exit(void)
{
	platform_device_unregister(pulse);
	gpiod_remove_lookup_table(&wiring);
}

module_init(pulse_line_init);
module_exit(pulse_line_exit);
MODULE_DESCRIPTION("The wire of a pulse per second");
MODULE_LICENSE("GPL");
