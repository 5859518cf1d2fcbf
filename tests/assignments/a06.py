"""Answers to the assignment of chapter 6: wrong ones by name, right ones of kinds."""

ASSIGNMENT = "06-counting-words"

WRONG = (
    (
        "term-table",
        """
def term_table(documents, stop_list):
    terms = []
    for document in documents:
        for w in document:
            if w not in terms and w not in stop_list:
                terms.append(w)
    counts = np.zeros((len(documents), len(terms)), dtype=int)
    for d, document in enumerate(documents):
        for w in document:
            if w in terms:
                counts[d, terms.index(w)] += 1
    return counts, (counts > 0).astype(int)
""",
        "order-of-appearance",
    ),
    (
        "term-table",
        """
def term_table(documents, stop_list):
    terms = sorted(set(sum(documents, [])))
    counts = np.array([[d.count(w) for w in terms] for d in documents])
    return counts, np.minimum(counts, 1)
""",
        "stop-words-kept",
    ),
    (
        "term-table",
        """
def term_table(documents, stop_list):
    terms = sorted(set(sum(documents, [])) - set(stop_list))
    table = np.array([[w in d for w in terms] for d in documents]).astype(int)
    return table, table
""",
        "counts-binary",
    ),
    (
        "orders-of-a-bag",
        """
def orders_of_a_bag(words):
    return math.factorial(len(words))
""",
        "repeats-counted-apart",
    ),
    (
        "orders-of-a-bag",
        """
def orders_of_a_bag(words):
    number = math.factorial(len(words))
    for w in set(words):
        number = number / words.count(w)
    return number
""",
        "divided-by-counts",
    ),
    (
        "one-hot-sentence",
        """
def one_hot_sentence(words):
    terms = list(dict.fromkeys(words))
    rows = np.zeros((len(words), len(terms)), dtype=int)
    rows[range(len(words)), [terms.index(w) for w in words]] = 1
    return rows
""",
        "order-of-appearance",
    ),
    (
        "one-hot-sentence",
        """
def one_hot_sentence(words):
    return np.array([words.count(w) for w in sorted(set(words))])
""",
        "order-lost",
    ),
    (
        "tf-idf",
        """
def tf_idf(counts):
    N, V = counts.shape
    idf = np.log((1 + N) / (1 + (counts > 0).sum(axis=0))) + 1
    return counts * idf
""",
        "scikit-learn-default",
    ),
    (
        "tf-idf",
        """
def tf_idf(counts):
    total = np.maximum(counts.sum(axis=0), 1)
    idf = np.where(counts.any(axis=0), np.log(len(counts) / total), 0)
    return counts * idf
""",
        "occurrences-instead-of-documents",
    ),
    (
        "tf-idf",
        """
def tf_idf(counts):
    tf = counts / counts.sum(axis=1, keepdims=True)
    having = (counts > 0).sum(axis=0)
    return tf * np.log(len(counts) / np.maximum(having, 1))
""",
        "shares-instead-of-counts",
    ),
    (
        "count-next",
        """
def count_next(ids, context, V):
    counts, k, t = np.zeros(V, dtype=int), len(context), len(context)
    while t < len(ids):
        if list(ids[t - k : t]) == list(context):
            counts[ids[t]] += 1
            t += max(k, 1)
        else:
            t += 1
    return counts
""",
        "overlaps-missed",
    ),
    (
        "count-next",
        """
def count_next(ids, context, V):
    counts = np.zeros(V, dtype=int)
    if len(context) == 0:
        return np.bincount(ids, minlength=V)
    for a, b in zip(ids[:-1], ids[1:]):
        counts[b] += a == context[-1]
    return counts
""",
        "only-the-last-token",
    ),
    (
        "count-next",
        """
def count_next(ids, context, V):
    k, c = len(context), list(context)[::-1]
    counts = np.zeros(V, dtype=int)
    for t in range(k, len(ids)):
        counts[ids[t]] += list(ids[t - k : t]) == c
    return counts
""",
        "context-reversed",
    ),
    (
        "witten-bell",
        """
def witten_bell(counts, shorter):
    N = counts.sum()
    return shorter if N == 0 else (counts + N * shorter) / (2 * N)
""",
        "all-instead-of-kinds",
    ),
    (
        "witten-bell",
        """
def witten_bell(counts, shorter):
    N, T = counts.sum(), np.count_nonzero(counts)
    p = counts / max(N + T, 1)
    p[counts == 0] = shorter[counts == 0] * (T / (N + T) if N else 1)
    return p
""",
        "only-for-unseen",
    ),
    (
        "witten-bell",
        """
def witten_bell(counts, shorter):
    return (counts + 1) / (counts.sum() + len(counts))
""",
        "one-added",
    ),
    (
        "ngram-probabilities",
        """
def ngram_probabilities(ids, context, V):
    p, k = np.full(V, 1 / V), len(context)
    for j in range(k + 1):
        counts = np.zeros(V, dtype=int)
        for t in range(j, len(ids)):
            if list(ids[t - j : t]) == list(context[:j]):
                counts[ids[t]] += 1
        T = np.count_nonzero(counts)
        if T:
            p = (counts + T * p) / (counts.sum() + T)
    return p
""",
        "newest-token-dropped",
    ),
    (
        "ngram-probabilities",
        """
def ngram_probabilities(ids, context, V):
    p, k = np.full(V, 1 / V), len(context)
    counts = np.zeros(V, dtype=int)
    for t in range(k, len(ids)):
        if list(ids[t - k : t]) == list(context):
            counts[ids[t]] += 1
    T = np.count_nonzero(counts)
    return (counts + T * p) / (counts.sum() + T) if T else p
""",
        "only-the-top-rung",
    ),
    (
        "loss-bits-perplexity",
        """
def loss_bits_perplexity(log_p):
    nats = -np.mean(log_p)
    return nats, nats / np.log(2), 2**nats
""",
        "two-to-the-nats",
    ),
    (
        "loss-bits-perplexity",
        """
def loss_bits_perplexity(log_p):
    nats = -np.sum(log_p)
    return nats, nats / np.log(2), np.exp(min(nats, 700.0))
""",
        "sum-instead-of-mean",
    ),
    (
        "loss-bits-perplexity",
        """
def loss_bits_perplexity(log_p):
    nats = -np.mean(log_p)
    p = 1.0
    for x in log_p:
        p = p * np.exp(x)
    return nats, nats / np.log(2), p ** (-1 / len(log_p)) if p > 0 else np.inf
""",
        "product-underflows",
    ),
    (
        "temperature",
        """
def temper(p, tau):
    q = np.exp(p / tau - np.max(p / tau))
    return q / q.sum()
""",
        "softmax-of-probabilities",
    ),
    (
        "temperature",
        """
def temper(p, tau):
    q = p ** (1 / tau)
    return q / q.sum()
""",
        "underflow",
    ),
    (
        "draw-tokens",
        """
def draw_tokens(p, us):
    return np.minimum(np.searchsorted(np.cumsum(p), us), np.flatnonzero(p)[-1])
""",
        "zero-can-be-drawn",
    ),
    (
        "draw-tokens",
        """
def draw_tokens(p, us):
    return np.array([np.argmax(p) for u in us])
""",
        "always-the-likeliest",
    ),
    (
        "context-sparsity",
        """
def context_sparsity(train, test, k):
    seen = {tuple(train[i : i + k]) for i in range(len(train) - k + 1)}
    known = [tuple(test[i : i + k]) in seen for i in range(len(test) - k)]
    return len(seen), np.mean(known)
""",
        "last-one-counted",
    ),
    (
        "context-sparsity",
        """
def context_sparsity(train, test, k):
    seen = {tuple(train[t - k : t]) for t in range(k, len(train))}
    asked = {tuple(test[t - k : t]) for t in range(k, len(test))}
    return len(seen), len(asked & seen) / len(asked)
""",
        "different-contexts-of-the-test",
    ),
)

RIGHT = (
    (
        "term-table",
        """
def term_table(documents, stop_list):
    from collections import Counter

    bags = [Counter(w for w in d if w not in set(stop_list)) for d in documents]
    terms = sorted(set().union(*bags))
    counts = np.array([[bag[w] for w in terms] for bag in bags])
    return counts, np.sign(counts)
""",
    ),
    (
        "term-table",
        """
def term_table(documents, stop_list):
    places = {}
    for w in sorted({w for d in documents for w in d}):
        if w not in stop_list:
            places[w] = len(places)
    counts = np.zeros((len(documents), len(places)), dtype=int)
    for row, d in zip(counts, documents):
        np.add.at(row, [places[w] for w in d if w in places], 1)
    return counts, np.where(counts > 0, 1, 0)
""",
    ),
    (
        "term-table",
        """
def term_table(docs, stop):
    import torch

    terms = sorted({w for d in docs for w in d if w not in stop})
    counts = torch.tensor([[d.count(w) for w in terms] for d in docs])
    return counts, (counts > 0).long()
""",
    ),
    (
        "orders-of-a-bag",
        """
def orders_of_a_bag(words):
    number, placed = 1, 0
    for w in sorted(set(words)):
        placed += words.count(w)
        number *= math.comb(placed, words.count(w))
    return number
""",
    ),
    (
        "orders-of-a-bag",
        """
def orders_of_a_bag(sentence):
    from itertools import permutations

    if len(set(sentence)) == len(sentence):
        return math.factorial(len(sentence))
    return len(set(permutations(sentence)))
""",
    ),
    (
        "orders-of-a-bag",
        """
def orders_of_a_bag(words):
    _, times = np.unique(words, return_counts=True)
    logs = math.lgamma(len(words) + 1) - sum(math.lgamma(n + 1) for n in times)
    return round(math.exp(logs))
""",
    ),
    (
        "one-hot-sentence",
        """
def one_hot_sentence(words):
    return np.array([[int(w == s) for s in sorted(set(words))] for w in words])
""",
    ),
    (
        "one-hot-sentence",
        """
def one_hot_sentence(words):
    import torch

    terms, ids = np.unique(words, return_inverse=True)
    return torch.nn.functional.one_hot(torch.tensor(ids.reshape(-1)), len(terms))
""",
    ),
    (
        "one-hot-sentence",
        """
def one_hot_sentence(sentence):
    column = {w: k for k, w in enumerate(sorted(set(sentence)))}
    rows = np.zeros((len(sentence), len(column)))
    for t, w in enumerate(sentence):
        rows[t, column[w]] = 1.0
    return rows
""",
    ),
    (
        "tf-idf",
        """
def tf_idf(counts):
    weights = np.zeros(counts.shape)
    for w in range(counts.shape[1]):
        having = sum(1 for n in counts[:, w] if n > 0)
        if having:
            weights[:, w] = counts[:, w] * math.log(counts.shape[0] / having)
    return weights
""",
    ),
    (
        "tf-idf",
        """
def tf_idf(counts):
    import torch

    n = torch.as_tensor(counts).double()
    having = (n > 0).sum(dim=0).clamp(min=1)
    return torch.einsum("dw,w->dw", n, math.log(len(n)) - torch.log(having.double()))
""",
    ),
    (
        "tf-idf",
        """
def tf_idf(table):
    share = (table != 0).mean(axis=0)
    return -table * np.log(np.where(share > 0, share, 1.0))
""",
    ),
    (
        "count-next",
        """
def count_next(ids, context, V):
    k = len(context)
    runs = np.lib.stride_tricks.sliding_window_view(ids, k + 1)
    follows = runs[(runs[:, :k] == context).all(axis=1), k]
    return np.bincount(follows, minlength=V)
""",
    ),
    (
        "count-next",
        """
def count_next(text, c, V):
    from collections import Counter

    k, c = len(c), tuple(c)
    text = [int(i) for i in text]
    found = Counter(
        s for i, s in enumerate(text[k:]) if tuple(text[i : i + k]) == c
    )
    return [found[s] for s in range(V)]
""",
    ),
    (
        "count-next",
        """
def count_next(ids, context, V):
    import torch

    ids, k = torch.as_tensor(ids), len(context)
    match = torch.ones(len(ids) - k, dtype=torch.bool)
    for j, c in enumerate(context):
        match &= ids[j : len(ids) - k + j] == int(c)
    return torch.bincount(ids[k:][match], minlength=V)
""",
    ),
    (
        "witten-bell",
        """
def witten_bell(counts, shorter):
    N, T = int(sum(counts)), sum(1 for n in counts if n)
    trust = N / (N + T) if N else 0.0
    share = np.asarray(counts) / max(N, 1)
    return trust * share + (1 - trust) * shorter
""",
    ),
    (
        "witten-bell",
        """
def witten_bell(n, q):
    import torch

    n, q = torch.as_tensor(n).double(), torch.as_tensor(q)
    kinds = torch.count_nonzero(n)
    return (n + kinds * q) / (n.sum() + kinds) if kinds else q
""",
    ),
    (
        "witten-bell",
        """
def witten_bell(counts, shorter):
    T = np.sign(counts).sum()
    p = [n + T * q for n, q in zip(counts, shorter)]
    return np.array(p) / (counts.sum() + T) if T else shorter.copy()
""",
    ),
    (
        "ngram-probabilities",
        """
def ngram_probabilities(ids, context, V):
    text, c = [int(i) for i in ids], [int(i) for i in context]

    def climb(c):
        k = len(c)
        shorter = climb(c[1:]) if k else np.full(V, 1 / V)
        after = [text[t] for t in range(k, len(text)) if text[t - k : t] == c]
        if not after:
            return shorter
        N, T = len(after), len(set(after))
        return (np.bincount(after, minlength=V) + T * shorter) / (N + T)

    return climb(c)
""",
    ),
    (
        "ngram-probabilities",
        """
def ngram_probabilities(ids, context, V):
    p = np.ones(V) / V
    match = np.ones(len(ids), dtype=bool)  # places whose last j tokens agree
    for j in range(len(context) + 1):
        if j:
            before = np.roll(ids, j)
            match &= (before == context[-j]) & (np.arange(len(ids)) >= j)
        n = np.bincount(ids[match], minlength=V)
        T = np.count_nonzero(n)
        p = (n + T * p) / (n.sum() + T) if T else p
    return p
""",
    ),
    (
        "loss-bits-perplexity",
        """
def loss_bits_perplexity(log_p):
    bits = -np.mean(np.asarray(log_p) / np.log(2))
    return bits * np.log(2), bits, 2**bits
""",
    ),
    (
        "loss-bits-perplexity",
        """
def loss_bits_perplexity(log_p):
    nats = -math.fsum(log_p) / len(log_p)
    return {"nats": nats, "bits": nats / math.log(2), "perplexity": math.exp(nats)}
""",
    ),
    (
        "loss-bits-perplexity",
        """
def loss_bits_perplexity(log_p):
    import torch

    nats = -torch.as_tensor(log_p).mean()
    return nats, nats / math.log(2), torch.exp(nats)
""",
    ),
    (
        "temperature",
        """
def temper(p, tau):
    with np.errstate(divide="ignore"):
        z = np.log(p) / tau
    e = np.exp(z - z.max())
    return e / e.sum()
""",
    ),
    (
        "temperature",
        """
def temper(p, tau):
    import torch

    return torch.softmax(torch.log(torch.as_tensor(p)) / tau, dim=0)
""",
    ),
    (
        "temperature",
        """
def temper(p, tau):
    top = max(p)
    powers = [(x / top) ** (1 / tau) if x > 0 else 0.0 for x in p]
    return np.array(powers) / math.fsum(powers)
""",
    ),
    (
        "draw-tokens",
        """
def draw_tokens(p, us):
    tokens = []
    for u in us:
        total, chosen = 0.0, None
        for s, share in enumerate(p):
            if share > 0:
                chosen = s
            total += share
            if total > u:
                break
        tokens.append(chosen)
    return np.array(tokens)
""",
    ),
    (
        "draw-tokens",
        """
def draw_tokens(p, us):
    ends = np.cumsum(p)
    ends[np.max(np.nonzero(p)) :] = 1.0
    return (us[:, None] >= ends).sum(axis=1)
""",
    ),
    (
        "draw-tokens",
        """
def draw_tokens(p, us):
    import torch

    ends = torch.as_tensor(np.cumsum(p))
    found = torch.searchsorted(ends, torch.as_tensor(us), right=True)
    return found.clamp(max=int(np.flatnonzero(p)[-1]))
""",
    ),
    (
        "context-sparsity",
        """
def context_sparsity(train, test, k):
    def contexts(text):
        return [tuple(int(i) for i in text[j : j + k]) for j in range(len(text) - k)]

    seen = set(contexts(train))
    return len(seen), float(np.mean([c in seen for c in contexts(test)]))
""",
    ),
    (
        "context-sparsity",
        """
def context_sparsity(train, test, k):
    if k == 0:
        return 1, 1.0
    V = int(max(train.max(), test.max())) + 1
    place = V ** np.arange(k)
    windows = np.lib.stride_tricks.sliding_window_view
    old = windows(train[:-1], k) @ place
    new = windows(test[:-1], k) @ place
    return len(np.unique(old)), np.isin(new, old).mean()
""",
    ),
    (
        "context-sparsity",
        """
def context_sparsity(train, test, k):
    seen, hits, places = {}, 0, 0
    for t in range(k, len(train)):
        seen[train[t - k : t].tobytes()] = True
    for t in range(k, len(test)):
        places += 1
        hits += seen.get(test[t - k : t].tobytes(), False)
    return len(seen), hits / places
""",
    ),
)
