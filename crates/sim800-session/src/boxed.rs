//! Futures on the heap.

use alloc::boxed::Box;
use core::future::Future;
use core::pin::Pin;

use futures::future::BoxFuture;

/// A future on the heap, for what waits for it to be small, and its code to be there once. It is made in here, so that who polls it has
/// no room for it on the stack.
///
/// An async function has its code in every crate that waits for it. One that is not generic and returns this has it here.
#[inline(never)]
pub(crate) fn boxed<'f, F>(begin: impl FnOnce() -> F) -> BoxFuture<'f, F::Output>
where
    F: Future + Send + 'f,
{
    Box::pin(begin())
}

/// The same of a type that is known, as one that need not be `Send` has to be.
#[inline(never)]
pub(crate) fn pinned<F>(begin: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::pin(begin())
}
