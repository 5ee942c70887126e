//! What someone who wrote finds afterwards.

use std::{collections::BTreeMap, time::Duration};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::writer::{Change, Writer, contents, text};

impl Writer {
    /// Looks at everything again. What was in doubt is decided by what is there, and must be there whole or not at all.
    pub(super) async fn verify(&mut self) {
        let doubt = self.doubt.take();
        let (status, list) = self.get("/projects").await;
        assert_eq!(status, StatusCode::OK, "the session outlives the server: {list}");
        let found: BTreeMap<String, String> = list["projects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (text(&one["id"]), text(&one["name"])))
            .collect();
        match &doubt {
            Some(Change::Create(name)) => {
                if let Some((id, _)) = found.iter().find(|(_, found)| *found == name) {
                    self.note(Change::Create(name.clone()), &json!({ "id": id }));
                }
            }
            Some(Change::Delete(project)) if !found.contains_key(project) => self.note(Change::Delete(project.clone()), &Value::Null),
            Some(Change::Rename(project, name)) if found.get(project) == Some(name) => {
                self.note(Change::Rename(project.clone(), name.clone()), &Value::Null);
            }
            _ => {}
        }
        let known: BTreeMap<String, String> = self
            .projects
            .iter()
            .map(|(id, project)| (id.clone(), project.name.clone()))
            .collect();
        assert_eq!(found, known, "after {doubt:?}");
        for id in known.keys() {
            self.verify_look(id, doubt.as_ref()).await;
            self.verify_documents(id, doubt.as_ref()).await;
            self.verify_conversations(id, doubt.as_ref()).await;
        }
        let projects = &self.projects;
        self.gone.retain(|(project, _)| projects.contains_key(project));
        self.verify_answers().await;
    }

    async fn verify_look(&mut self, id: &str, doubt: Option<&Change>) {
        let (status, widget) = self.get(&format!("/projects/{id}/widget")).await;
        assert_eq!(status, StatusCode::OK, "{widget}");
        if let Some(Change::Look(project, word)) = doubt
            && project == id
            && widget["title"] == word.as_str()
        {
            self.of(id).look.clone_from(word);
        }
        let look = &self.projects[id].look;
        if look.is_empty() {
            assert_eq!(widget["allowed_origins"], json!([]), "half a change");
        } else {
            let whole = json!([look, [format!("https://{look}.example.com")]]);
            assert_eq!(json!([widget["title"], widget["allowed_origins"]]), whole, "after {doubt:?}");
        }
    }

    async fn verify_documents(&mut self, id: &str, doubt: Option<&Change>) {
        let list = self.settled(id).await;
        let found: BTreeMap<String, (String, i64)> = list
            .iter()
            .map(|one| (text(&one["id"]), (text(&one["name"]), one["revision"].as_i64().unwrap())))
            .collect();
        for one in &list {
            assert_eq!(one["status"], "ready", "{one}");
        }
        match doubt.cloned() {
            Some(Change::Upload(project, word)) if project == id => {
                let name = format!("{word}.md");
                if let Some((document, _)) = found.iter().find(|(_, (found, _))| *found == name) {
                    self.note(Change::Upload(project, word), &json!({ "documents": [{ "id": document }] }));
                }
            }
            Some(Change::Replace(project, document, word))
                if project == id && found[&document].1 > self.projects[id].documents[&document].revision =>
            {
                self.note(Change::Replace(project, document, word), &Value::Null);
            }
            Some(Change::Remove(project, document)) if project == id && !found.contains_key(&document) => {
                self.note(Change::Remove(project, document), &Value::Null);
            }
            _ => {}
        }
        let known = &self.projects[id].documents;
        let expected: BTreeMap<_, _> = known
            .iter()
            .map(|(id, one)| (id.clone(), (one.name.clone(), one.revision)))
            .collect();
        assert_eq!(found, expected, "after {doubt:?}");
        for (document, one) in known {
            let path = format!("{}/api/v1/projects/{id}/documents/{document}/original", self.url);
            let original = self.client.get(path).header("cookie", &self.cookie).send().await.unwrap();
            assert_eq!(
                original.text().await.unwrap(),
                contents(&one.word),
                "the bytes that were acknowledged"
            );
        }
    }

    async fn settled(&self, id: &str) -> Vec<Value> {
        for _ in 0..1_200 {
            let (status, list) = self.get(&format!("/projects/{id}/documents")).await;
            assert_eq!(status, StatusCode::OK, "{list}");
            let documents = list["documents"].as_array().unwrap().clone();
            if documents.iter().all(|one| one["status"] == "ready" || one["status"] == "failed") {
                return documents;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the work of a killed server is not taken up");
    }

    async fn verify_conversations(&mut self, id: &str, doubt: Option<&Change>) {
        let answers = self.projects[id].answers.clone();
        for (conversation, (message, judged)) in answers {
            let (status, shown) = self.get(&format!("/projects/{id}/conversations/{conversation}")).await;
            assert_eq!(status, StatusCode::OK, "{shown}");
            let turns = shown["turns"].as_array().unwrap();
            assert_eq!((turns.len(), turns[1]["id"].as_str()), (2, Some(message.as_str())), "{shown}");
            let mut expected = judged;
            if let Some(Change::Judge(project, of, helpful)) = doubt
                && project == id
                && *of == conversation
                && turns[1]["helpful"].as_bool() == Some(*helpful)
            {
                expected = Some(*helpful);
                self.of(id).answers.get_mut(&conversation).unwrap().1 = expected;
            }
            assert_eq!(turns[1]["helpful"].as_bool(), expected, "{shown}");
            // The count moves in the same transaction as the judgement.
            let counts = (shown["helpful"].as_i64(), shown["unhelpful"].as_i64());
            let one = |wanted: bool| Some(i64::from(expected == Some(wanted)));
            assert_eq!(counts, (one(true), one(false)), "{shown}");
        }
    }

    /// The index says what the rows say: each document answers, none that is gone does.
    async fn verify_answers(&mut self) {
        let projects: Vec<String> = self.projects.keys().cloned().collect();
        for id in projects {
            let words: Vec<String> = self.projects[&id].documents.values().map(|one| one.word.clone()).collect();
            for word in words.iter().take(3) {
                let answer = self.question(&id, word).await;
                assert!(
                    answer.to_string().contains(&format!("{word} lever")),
                    "{word} is not found: {answer}"
                );
            }
            let gone: Vec<String> = self
                .gone
                .iter()
                .rev()
                .filter(|(project, _)| *project == id)
                .take(2)
                .map(|(_, word)| word.clone())
                .collect();
            for word in gone {
                let answer = self.question(&id, &word).await;
                assert!(
                    !answer.to_string().contains(&format!("{word} lever")),
                    "{word} is gone and answered: {answer}"
                );
            }
        }
    }

    async fn question(&mut self, id: &str, word: &str) -> Value {
        let question = json!({ "question": format!("What does the {word} lever open?") });
        let asked = self
            .send(Method::POST, &format!("/projects/{id}/questions"), Some(question), None)
            .await;
        let (status, mut answer) = asked.expect("the server lives");
        assert_eq!(status, StatusCode::OK, "{answer}");
        let (conversation, message) = (text(&answer["conversation"]), text(&answer["message"]));
        self.of(id).answers.insert(conversation, (message, None));
        answer["question"] = Value::Null;
        answer
    }
}
