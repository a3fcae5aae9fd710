// SPDX-License-Identifier: GPL-2.0-only
/*
 * user_bus - an I2C adapter whose chips live in a program.
 *
 * Every transfer on the adapter is handed to whoever holds /dev/user_bus open:
 *
 *	read()	the request: u32 id, u32 count, then for each message u16 address, u16 flags, u32 length,
 *		followed by its bytes if the master writes it
 *	write()	the answer: u32 id, s32 error (0, or -errno for no acknowledge and the like), then the bytes
 *		of all messages that the master reads, in order
 *
 * Without a holder a transfer fails with -ENXIO, without an answer within a second with -ETIMEDOUT, as on a
 * bus that a chip holds down. The I2C core lets one transfer in at a time, so there is one of them here.
 */
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/i2c.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#define PATIENCE HZ
#define ROOM 8192

static int nr = 1;
module_param(nr, int, 0444);
MODULE_PARM_DESC(nr, "number of the adapter: 1 is /dev/i2c-1, the one on a Raspberry Pi's header");

struct head {
	u32 id;
	s32 number;	/* of messages in a request, the error in an answer */
};

struct part {
	u16 address, flags;
	u32 length;
};

static DEFINE_MUTEX(lock);	/* holds together what follows */
static DECLARE_WAIT_QUEUE_HEAD(asked);
static DECLARE_COMPLETION(answered);
static atomic_t holders = ATOMIC_INIT(0);
static u8 buffer[ROOM];
static struct i2c_msg *messages;
static u32 id;
static int count, result;
static bool fresh;		/* a request that nobody has read yet */

static int bus_xfer(struct i2c_adapter *adapter, struct i2c_msg *msgs, int num)
{
	int got;

	if (!atomic_read(&holders))
		return -ENXIO;
	mutex_lock(&lock);
	reinit_completion(&answered);
	messages = msgs;
	count = num;
	result = -ETIMEDOUT;
	fresh = true;
	id++;
	mutex_unlock(&lock);

	wake_up_interruptible(&asked);
	wait_for_completion_timeout(&answered, PATIENCE);

	mutex_lock(&lock);
	got = result;
	messages = NULL;
	fresh = false;
	mutex_unlock(&lock);
	return got ? got : num;
}

static u32 bus_can(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm algorithm = { .master_xfer = bus_xfer, .functionality = bus_can };

static struct i2c_adapter adapter = { .owner = THIS_MODULE, .algo = &algorithm, .name = "chips in a program" };

/* The request into the buffer; its length, or -EMSGSIZE. */
static ssize_t pack(void)
{
	struct head head = { id, count };
	size_t at = sizeof(head);
	int i;

	memcpy(buffer, &head, sizeof(head));
	for (i = 0; i < count; i++) {
		struct i2c_msg *m = &messages[i];
		struct part part = { m->addr, m->flags, m->len };
		size_t more = m->flags & I2C_M_RD ? 0 : m->len;

		if (at + sizeof(part) + more > ROOM)
			return -EMSGSIZE;
		memcpy(buffer + at, &part, sizeof(part));
		memcpy(buffer + at + sizeof(part), m->buf, more);
		at += sizeof(part) + more;
	}
	return at;
}

/* The answer out of the buffer; 0, or -EINVAL for one that is too short. */
static int unpack(size_t size)
{
	size_t at = sizeof(struct head);
	int i;

	for (i = 0; i < count; i++) {
		struct i2c_msg *m = &messages[i];

		if (!(m->flags & I2C_M_RD))
			continue;
		if (at + m->len > size)
			return -EINVAL;
		memcpy(m->buf, buffer + at, m->len);
		at += m->len;
	}
	return 0;
}

static ssize_t dev_read(struct file *file, char __user *to, size_t size, loff_t *at)
{
	ssize_t length;

	if (wait_event_interruptible(asked, READ_ONCE(fresh)))
		return -ERESTARTSYS;
	mutex_lock(&lock);
	length = fresh ? pack() : -EAGAIN;
	if (length > 0 && (length > size || copy_to_user(to, buffer, length)))
		length = -EFAULT;
	fresh = false;
	mutex_unlock(&lock);
	return length;
}

static ssize_t dev_write(struct file *file, const char __user *from, size_t size, loff_t *at)
{
	struct head head;
	ssize_t done = size;

	if (size < sizeof(head) || size > ROOM)
		return -EINVAL;
	mutex_lock(&lock);
	if (copy_from_user(buffer, from, size)) {
		done = -EFAULT;
	} else {
		memcpy(&head, buffer, sizeof(head));
		if (messages && head.id == id) {	/* else it comes too late */
			result = head.number ? head.number : unpack(size);
			complete(&answered);
		}
	}
	mutex_unlock(&lock);
	return done;
}

static int dev_open(struct inode *inode, struct file *file)
{
	return atomic_cmpxchg(&holders, 0, 1) ? -EBUSY : 0;
}

static int dev_release(struct inode *inode, struct file *file)
{
	atomic_set(&holders, 0);
	return 0;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE, .open = dev_open, .release = dev_release, .read = dev_read, .write = dev_write,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR, .name = "user_bus", .fops = &operations, .mode = 0600,
};

static int __init bus_init(void)
{
	int error = misc_register(&device);

	if (error)
		return error;
	adapter.nr = nr;
	error = i2c_add_numbered_adapter(&adapter);
	if (error)
		misc_deregister(&device);
	return error;
}

static void __exit bus_exit(void)
{
	i2c_del_adapter(&adapter);
	misc_deregister(&device);
}

module_init(bus_init);
module_exit(bus_exit);
MODULE_DESCRIPTION("I2C adapter whose chips live in a program");
MODULE_LICENSE("GPL");
