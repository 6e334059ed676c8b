//! Many requests at once.

use tokio::task::JoinSet;

/// Begins `count` tasks at once, each with its number, and gives what they return, in the order of their numbers.
pub async fn parallel<F, T>(count: usize, begin: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let mut tasks = JoinSet::new();
    for at in 0..count {
        let task = begin(at);
        tasks.spawn(async move { (at, task.await) });
    }
    let mut results = tasks.join_all().await;
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}
