#!/bin/sh
# The wiring of the virtual node: a header of 54 GPIO lines with PPS on line 18, /dev/i2c-1, and the revision of a Pi 4
# for gpiozero.
# A line is driven from outside through /sys/devices/platform/gpio-sim.*/gpiochip*/sim_gpioN/pull.
set -eu
modprobe -a gpio-sim pps-gpio user_bus i2c-dev sht4x bmp280-i2c ftdi_sio
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
header=/sys/kernel/config/gpio-sim/header
mkdir "$header" "$header/bank"
echo 54 >"$header/bank/num_lines"
echo pinctrl-bcm2711 >"$header/bank/label"
echo 1 >"$header/live"
modprobe pulse_line
{ cat /proc/cpuinfo; printf 'Revision\t: c03114\n'; } >/run/cpuinfo
mount --bind /run/cpuinfo /proc/cpuinfo
mkdir -p /run/work
