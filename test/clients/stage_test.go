package clients_test

// makeStage makes a stage that has every setting.
func (w *walker) makeStage(a *thing) *thing {
	s := a.make(kindStage, m{
		"StageName": "v1", "Description": "the first stage", "AutoDeploy": false, "StageVariables": m{"colour": "blue"},
		"DefaultRouteSettings": m{"DetailedMetricsEnabled": true, "ThrottlingBurstLimit": 5000, "ThrottlingRateLimit": 10000.5},
		"RouteSettings":        m{"GET /pets/{id}": m{"DetailedMetricsEnabled": true, "ThrottlingBurstLimit": 4000, "ThrottlingRateLimit": 2000.25}},
		"AccessLogSettings":    m{"DestinationArn": logGroup + "first", "Format": "walk " + a.id + " $context.requestId"},
		"Tags":                 m{"team": "animals"},
	})
	s.tagged("/apis/" + a.id + "/stages/v1")
	return s
}

const logGroup = "arn:aws:logs:us-east-1:000000000000:log-group:/walk/"

// stageSettings changes what acts without a deployment, and takes it away.
func (w *walker) stageSettings(a, stage *thing) {
	w.Helper()
	stage.update(m{
		"DefaultRouteSettings": m{"DetailedMetricsEnabled": false, "ThrottlingBurstLimit": 4999, "ThrottlingRateLimit": 9999.5},
		"RouteSettings":        m{"GET /pets/{id}": m{"DetailedMetricsEnabled": false, "ThrottlingBurstLimit": 3999, "ThrottlingRateLimit": 1999.25}},
		"AccessLogSettings":    m{"DestinationArn": logGroup + "second", "Format": "walked " + a.id + " $context.requestId $context.status"},
	})
	w.reaches("settings change no traffic", a.url("v1", "/pets/7"), echo{Method: "GET", Path: "/first/7"})
	w.says("another format acts at once", "walked "+a.id+" ")

	w.do("DeleteAccessLogSettings", m{"ApiId": a.id, "StageName": stage.id})
	delete(stage.expect, "AccessLogSettings")
	stage.lacks("AccessLogSettings")
	w.do("DeleteRouteSettings", m{"ApiId": a.id, "StageName": stage.id, "RouteKey": "GET /pets/{id}"})
	delete(stage.expect, "RouteSettings")
	if left, _ := stage.get()["RouteSettings"].(m); len(left) > 0 {
		w.Errorf("after DeleteRouteSettings stage v1 has %v", left)
	}
}
